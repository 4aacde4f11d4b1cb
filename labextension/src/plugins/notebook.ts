/** In notebooks: a cell becomes a `%%train` cell through a form, by a toolbar button, the palette or the cell menu. */

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commandids';
import { workbenchIcon } from '../components/icons';
import { WorkbenchModel } from '../model';
import { isTrainCell, noOptions, readOptions, withoutTrain, writeOptions } from '../notebook/magic';
import { askForOptions } from '../notebook/trainform';
import { IWorkbench } from './workbench';

export const notebookPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-ml-workbench:notebook',
  description: 'Makes cells %%train cells.',
  autoStart: true,
  requires: [IWorkbench, INotebookTracker],
  optional: [ITranslator, ICommandPalette, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    model: WorkbenchModel,
    notebooks: INotebookTracker,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    settings: ISettingRegistry | null
  ) => {
    const trans = (translator ?? nullTranslator).load('workbench');
    void settings?.load(notebookPlugin.id);
    app.commands.addCommand(CommandIDs.trainCell, {
      label: trans.__('Train with This Cell…'),
      caption: trans.__('Turn the cell into a %%%%train cell: workers, GPUs, returned names'),
      icon: workbenchIcon,
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => notebooks.activeCell?.model.type === 'code',
      execute: async () => {
        const cell = notebooks.activeCell;
        if (!cell || cell.model.type !== 'code') {
          return;
        }
        const shared = cell.model.sharedModel;
        await model.refresh();
        const present = readOptions(shared.getSource());
        const answer = await askForOptions(
          present ?? noOptions(),
          isTrainCell(shared.getSource()),
          model.cluster,
          trans
        );
        if (answer === 'remove') {
          shared.setSource(withoutTrain(shared.getSource()));
        } else if (answer) {
          shared.setSource(writeOptions(shared.getSource(), answer));
        }
      }
    });
    notebooks.activeCellChanged.connect(() => app.commands.notifyCommandChanged(CommandIDs.trainCell));
    palette?.addItem({ command: CommandIDs.trainCell, category: trans.__('Workbench') });
  }
};
