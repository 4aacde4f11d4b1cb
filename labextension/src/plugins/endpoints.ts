/** Opens endpoints in the main area, one tab each, and publishes models. */

import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, Notification, WidgetTracker } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commandids';
import { EndpointView } from '../endpoints/endpointview';
import { askHowToPublish } from '../endpoints/publishform';
import { blank, IPublishing, optionsOf } from '../endpoints/publishing';
import { WorkbenchModel } from '../model';
import { addEndpointActions } from './endpointactions';
import { openTab } from './opentab';
import { IWorkbench } from './workbench';

export const endpointsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-ml-workbench:endpoints',
  description: 'Opens endpoints in the main area, and publishes models.',
  autoStart: true,
  requires: [IWorkbench],
  optional: [ITranslator, ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    model: WorkbenchModel,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ) => {
    const trans = (translator ?? nullTranslator).load('workbench');
    const tracker = new WidgetTracker<MainAreaWidget<EndpointView>>({ namespace: 'workbench-endpoints' });
    app.commands.addCommand(CommandIDs.openEndpoint, {
      label: trans.__('Open Endpoint'),
      caption: trans.__('Open an endpoint in the main area: versions, traffic, charts, a form to try it'),
      describedBy: { args: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } },
      execute: args => {
        const name = args.name as string;
        const id = `workbench-endpoint-${name}`;
        return openTab(app, tracker, id, name, () => new EndpointView(name, model, app.commands, trans));
      }
    });
    app.commands.addCommand(CommandIDs.publish, {
      label: trans.__('Publish…'),
      caption: trans.__('Serve a model: a run’s, or a registered one'),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            source: {
              type: 'string',
              description: trans.__('A run’s id, or a registered model as digits/3 or digits@champion')
            },
            title: { type: 'string' },
            name: { type: 'string', description: trans.__('A name for the endpoint') }
          }
        }
      },
      execute: args => {
        const source = (args.source as string) ?? '';
        return publish(blank(source, args.title as string, (args.name as string) ?? ''), source !== '');
      }
    });
    const underWay = new Set<string>();
    const publish = async (first: IPublishing, hasSource: boolean): Promise<void> => {
      const chosen = await askHowToPublish(hasSource, first, model.cluster, trans);
      if (chosen === null) {
        return;
      }
      const source = chosen.source.trim();
      const title = chosen.title || source;
      if (underWay.has(source)) {
        Notification.warning(trans.__('%1 is already being published.', title));
        return;
      }
      underWay.add(source);
      const id = Notification.emit(trans.__('Publishing %1…', title), 'in-progress', { autoClose: false });
      try {
        const made = await model.api.serving.publish(source, chosen.values.name, optionsOf(chosen));
        Notification.dismiss(id);
        await app.commands.execute(CommandIDs.openEndpoint, { name: made.name });
      } catch (error) {
        const change = { label: trans.__('Change…'), callback: () => void publish(chosen, false) };
        Notification.update({ id, type: 'error', message: (error as Error).message, actions: [change] });
      } finally {
        underWay.delete(source);
      }
    };
    addEndpointActions(app.commands, model, trans, name => tracker.find(tab => tab.content.name === name)?.dispose());
    for (const command of [CommandIDs.publish, CommandIDs.restoreEndpoints]) {
      palette?.addItem({ command, category: trans.__('Workbench') });
    }
    if (restorer) {
      void restorer.restore(tracker, {
        command: CommandIDs.openEndpoint,
        args: widget => ({ name: widget.content.name }),
        name: widget => widget.content.name
      });
    }
  }
};
