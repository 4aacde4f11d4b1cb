/** Commands about one endpoint: what its view's buttons and the list's context menu do. */

import { Clipboard, Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { IEndpoint } from '../api/servingtypes';
import { CommandIDs } from '../commandids';
import { curl, python } from '../endpoints/snippets';
import { WorkbenchModel } from '../model';

/** Add the commands; `close` closes an endpoint's view. */
export function addEndpointActions(
  commands: CommandRegistry,
  model: WorkbenchModel,
  trans: TranslationBundle,
  close: (name: string) => void
): void {
  const api = model.api.serving;
  const add = (command: string, label: string, caption: string, action: (name: string) => Promise<unknown>) => {
    commands.addCommand(command, {
      label,
      caption,
      describedBy: { args: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } },
      execute: async args => {
        try {
          await action(args.name as string);
        } catch (error) {
          Notification.error((error as Error).message);
        }
      }
    });
  };
  const copied = (text: string, words: string) => {
    Clipboard.copyToSystem(text);
    Notification.success(words, { autoClose: 4000 });
  };
  const told = (endpoint: IEndpoint) =>
    endpoint.token_file
      ? trans.__('Copied. It works as it is on the server’s machine; elsewhere, insert a token from “Access”.')
      : trans.__('Copied. It reads a token from the variable TOKEN; “Access” creates one.');
  add(
    CommandIDs.openEndpointDocs,
    trans.__('Open Its API Page'),
    trans.__('Open the documentation of its API, with a form to try it'),
    async name => window.open(`${(await api.endpoint(name)).url}/docs`, '_blank', 'noopener')
  );
  add(CommandIDs.copyEndpointUrl, trans.__('Copy the Address'), trans.__('Copy the URL of its endpoint'), async name =>
    copied((await api.endpoint(name)).url, trans.__('Copied.'))
  );
  add(
    CommandIDs.copyEndpointCurl,
    trans.__('Copy curl'),
    trans.__('Copy a curl command that sends a request'),
    async name => {
      const endpoint = await api.endpoint(name);
      copied(curl(endpoint), told(endpoint));
    }
  );
  add(
    CommandIDs.copyEndpointPython,
    trans.__('Copy Python'),
    trans.__('Copy Python code that sends a request'),
    async name => {
      const endpoint = await api.endpoint(name);
      copied(python(endpoint), told(endpoint));
    }
  );
  add(
    CommandIDs.rollBackEndpoint,
    trans.__('Roll Back'),
    trans.__('Return to the traffic before the latest change, without asking'),
    name => api.rollBack(name)
  );
  commands.addCommand(CommandIDs.restoreEndpoints, {
    label: trans.__('Restore Published Endpoints'),
    caption: trans.__('Start endpoints that were published before their cluster ended, as %%endpoints restore does'),
    describedBy: { args: { type: 'object', properties: {} } },
    execute: async () => {
      try {
        const { names } = await api.restore();
        Notification.info(
          names.length
            ? trans.__('Restoring: %1', names.join(', '))
            : trans.__('All endpoints of this project are running already.')
        );
      } catch (error) {
        Notification.error((error as Error).message);
      }
    }
  });
  add(
    CommandIDs.withdrawEndpoint,
    trans.__('Withdraw…'),
    trans.__('End an endpoint with all its versions'),
    async name => {
      const answer = await showDialog({
        title: trans.__('Withdraw %1?', name),
        body: trans.__(
          'Its address stops answering and its tokens stop working. Models, metrics and samples stay in MLflow.'
        ),
        buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Withdraw') })]
      });
      if (answer.button.accept) {
        await api.withdraw(name);
        close(name);
      }
    }
  );
}
