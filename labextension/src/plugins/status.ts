/** The status bar's count of runs, and a notification when a long run ends. */

import * as React from 'react';

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar, TextItem } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';

import { LIVE_STATES } from '../api/states';
import { ICluster, ISnapshot } from '../api/types';
import { CommandIDs } from '../commandids';
import { duration, number } from '../components/format';
import { WorkbenchModel } from '../model';
import { settingsOf } from '../settings';
import { IWorkbench } from './workbench';

export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-ml-workbench:status',
  description: 'How many runs are going on, and word when a long one ends.',
  autoStart: true,
  requires: [IWorkbench],
  optional: [IStatusBar, ITranslator, ISettingRegistry],
  activate: async (
    app: JupyterFrontEnd,
    model: WorkbenchModel,
    statusBar: IStatusBar | null,
    translator: ITranslator | null,
    registry: ISettingRegistry | null
  ) => {
    const settings = await settingsOf(registry);
    const trans = (translator ?? nullTranslator).load('workbench');
    const item = ReactWidget.create(
      React.createElement(UseSignal<WorkbenchModel, void>, {
        signal: model.liveChanged,
        children: () => {
          const count = model.live.length;
          return React.createElement(TextItem, {
            source: count ? `${trans._n('%1 run', '%1 runs', count)}${gpus(model.cluster)}` : '',
            title: trans.__('Workbench: active runs'),
            onClick: () => void app.commands.execute(CommandIDs.showPanel)
          });
        }
      })
    );
    statusBar?.registerStatusItem('jupyter-ml-workbench:status', {
      item,
      align: 'left',
      rank: 50,
      isActive: () => model.live.length > 0,
      activeStateChanged: model.liveChanged
    });

    const going = new Set<string>();
    model.runsChanged.connect((_, snapshots) => {
      for (const run of snapshots) {
        if (LIVE_STATES.includes(run.state)) {
          going.add(run.run_id);
        } else if (going.delete(run.run_id)) {
          tell(run);
        }
      }
    });
    const tell = (run: ISnapshot) => {
      const took = (run.ended_at ?? 0) - (run.started_at ?? run.submitted_at);
      if (!settings.current.notifyAfter || took < settings.current.notifyAfter) {
        return;
      }
      const words = trans.__('Run %1 %2 after %3', run.name, run.state, duration(took));
      const actions = [
        {
          label: trans.__('Open'),
          callback: () => void app.commands.execute(CommandIDs.openRun, { runId: run.run_id, name: run.name })
        }
      ];
      if (run.state === 'failed') {
        Notification.error(`${words}: ${run.failure?.message ?? ''}`, { actions, autoClose: false });
      } else {
        Notification.success(words, { actions });
      }
    };
  }
};

/** Describe how many GPUs of the cluster are reserved. */
function gpus(cluster: ICluster | null): string {
  const found = cluster?.resources.GPU;
  return found ? ` · ${number(found.used)}/${number(found.total)} GPU` : '';
}
