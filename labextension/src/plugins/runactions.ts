/** Commands about one run: what the run view's buttons and the list's context menu do. */

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Clipboard, Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { ApiError } from '../api/client';
import { CommandIDs } from '../commandids';
import { WorkbenchModel } from '../model';
import { IWorkbench } from './workbench';

const NOT_HELD = 404;

export const runActionsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-ml-workbench:run-actions',
  description: 'Stop a run, run it again, copy its cell, open its notebook.',
  autoStart: true,
  requires: [IWorkbench],
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, model: WorkbenchModel, translator: ITranslator | null) => {
    const trans = (translator ?? nullTranslator).load('workbench');
    const add = (
      command: string,
      label: string,
      caption: string,
      action: (runId: string, args: ReadonlyPartialJSONObject) => Promise<unknown>
    ) => {
      app.commands.addCommand(command, {
        label,
        caption,
        describedBy: {
          args: { type: 'object', properties: { runId: { type: 'string' } }, required: ['runId'] }
        },
        execute: async args => {
          try {
            await action(args.runId as string, args);
          } catch (error) {
            Notification.error((error as Error).message);
          }
        }
      });
    };
    const again = async (runId: string, resume: boolean) => {
      try {
        const { run_id, name } = await model.api.again(runId, resume);
        await app.commands.execute(CommandIDs.openRun, { runId: run_id, name });
      } catch (error) {
        const { status, message } = error as ApiError;
        if (status !== NOT_HELD) {
          throw error;
        }
        await inTheNotebook(runId, message);
      }
    };
    const inTheNotebook = async (runId: string, message: string) => {
      const answer = await showDialog({
        title: trans.__('Run its cell in the notebook?'),
        body: message,
        buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Go to its cell') })]
      });
      if (answer.button.accept) {
        const run = await model.api.run(runId);
        await app.commands.execute(CommandIDs.goToCell, { cellId: run.cell_id, notebook: run.notebook });
      }
    };
    const copied = (text: string) => {
      Clipboard.copyToSystem(text);
      Notification.success(trans.__('Copied.'), { autoClose: 1500 });
    };
    add(CommandIDs.stopRun, trans.__('Stop'), trans.__('Ask the run to stop; its finally blocks run'), id =>
      model.api.stop(id)
    );
    add(CommandIDs.runAgain, trans.__('Run Again'), trans.__('Run its cell again with the values it had then'), id =>
      again(id, false)
    );
    add(CommandIDs.resumeRun, trans.__('Resume'), trans.__('Continue the run from its last checkpoint'), id =>
      again(id, true)
    );
    add(
      CommandIDs.openNotebook,
      trans.__('Open Its Notebook'),
      trans.__('Open a copy of the notebook as it was when the run began'),
      async id => {
        const { path } = await model.api.openNotebook(id);
        await app.commands.execute('docmanager:open', { path });
      }
    );
    add(
      CommandIDs.copyTrain,
      trans.__('Copy as %%%%train'),
      trans.__('Copy the cell as it ran, with its %%%%train line'),
      async id => copied((await model.api.cell(id)).source)
    );
    add(
      CommandIDs.copyPython,
      trans.__('Copy as Python'),
      trans.__('Copy the cell as a call of workbench.train, for a script'),
      async id => copied((await model.api.cell(id)).python)
    );
    add(CommandIDs.openInMlflow, trans.__('Open in MLflow'), trans.__('Show the run in MLflow’s own pages'), id =>
      app.commands.execute(CommandIDs.openDashboard, {
        name: 'mlflow',
        title: trans.__('MLflow'),
        path: `#/runs/${id}`
      })
    );
  }
};
