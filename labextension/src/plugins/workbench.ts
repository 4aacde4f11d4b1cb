/** The model that the other plugins share, and the commands about the cluster. */

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, InputDialog, Notification, showDialog } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';

import { CommandIDs } from '../commandids';
import { createModel, WorkbenchModel } from '../model';

export const IWorkbench = new Token<WorkbenchModel>(
  'jupyter-ml-workbench:IWorkbench',
  'The cluster and the runs of this Jupyter Server.'
);

export const workbenchPlugin: JupyterFrontEndPlugin<WorkbenchModel> = {
  id: 'jupyter-ml-workbench:workbench',
  description: 'Runs and the cluster, and commands to start, join and stop it.',
  autoStart: true,
  provides: IWorkbench,
  optional: [ITranslator, ICommandPalette],
  activate: (app: JupyterFrontEnd, translator: ITranslator | null, palette: ICommandPalette | null) => {
    const trans = (translator ?? nullTranslator).load('workbench');
    const model = createModel(app.serviceManager);
    const noArguments = { args: { type: 'object' as const, properties: {} } };
    const told = async (action: () => Promise<void>) => {
      try {
        await action();
      } catch (error) {
        Notification.error((error as Error).message);
      }
    };
    app.commands.addCommand(CommandIDs.startCluster, {
      label: trans.__('Start a Cluster on This Machine'),
      caption: trans.__('Start a Ray cluster with the CPUs and GPUs of this machine'),
      describedBy: noArguments,
      execute: () => told(() => model.start())
    });
    app.commands.addCommand(CommandIDs.joinCluster, {
      label: trans.__('Join a Cluster…'),
      caption: trans.__('Join a Ray cluster by its address'),
      describedBy: {
        args: {
          type: 'object',
          properties: { address: { type: 'string', description: trans.__('ray://host:10001, or host:6379') } }
        }
      },
      execute: async args => {
        let address = args.address as string | undefined;
        if (!address) {
          const answer = await InputDialog.getText({
            title: trans.__('Join a cluster'),
            label: trans.__('Address'),
            placeholder: trans.__('ray://head.example:10001')
          });
          address = answer.value?.trim();
        }
        if (address) {
          await told(() => model.start(address));
        }
      }
    });
    app.commands.addCommand(CommandIDs.stopCluster, {
      label: trans.__('Stop the Cluster…'),
      caption: trans.__('Stop the local cluster and its runs, or leave a joined one'),
      describedBy: noArguments,
      isEnabled: () => model.cluster?.state === 'up',
      execute: async () => {
        const going = model.live.length;
        const answer = await showDialog({
          title: model.cluster?.is_local ? trans.__('Stop the cluster?') : trans.__('Leave the cluster?'),
          body: !model.cluster?.is_local
            ? trans.__('It keeps running, and so do its runs.')
            : going
              ? trans._n('%1 run is active and will be stopped.', '%1 runs are active and will be stopped.', going)
              : trans.__('Nothing is running. The next run starts it again.'),
          buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Stop') })]
        });
        if (answer.button.accept) {
          await told(() => model.stop());
        }
      }
    });
    model.clusterChanged.connect(() => app.commands.notifyCommandChanged(CommandIDs.stopCluster));
    for (const command of [CommandIDs.startCluster, CommandIDs.joinCluster, CommandIDs.stopCluster]) {
      palette?.addItem({ command, category: trans.__('Workbench') });
    }
    // The first request starts the process that answers, so that it is up when the panel opens.
    void app.restored.then(() => model.refresh());
    return model;
  }
};
