/** The commands of the front end, which the palette, menus, toolbars and views share. */

export namespace CommandIDs {
  export const openRun = 'workbench:open-run';
  export const showPanel = 'workbench:show-panel';
  export const startCluster = 'workbench:start-cluster';
  export const joinCluster = 'workbench:join-cluster';
  export const stopCluster = 'workbench:stop-cluster';
  export const trainCell = 'workbench:train-cell';
  export const goToCell = 'workbench:go-to-cell';
  export const sourceOfCell = 'workbench:source-of-cell';
  export const compareRuns = 'workbench:compare-runs';
  export const runAgain = 'workbench:run-again';
  export const resumeRun = 'workbench:resume-run';
  export const stopRun = 'workbench:stop-run';
  export const openNotebook = 'workbench:open-run-notebook';
  export const copyTrain = 'workbench:copy-as-train';
  export const copyPython = 'workbench:copy-as-python';
  export const openInMlflow = 'workbench:open-in-mlflow';
  export const openDashboard = 'workbench:open-dashboard';
  export const openStudy = 'workbench:open-study';
  export const trainWith = 'workbench:train-with';
  export const tidyRuns = 'workbench:tidy-runs';
  export const publish = 'workbench:publish';
  export const openEndpoint = 'workbench:open-endpoint';
  export const withdrawEndpoint = 'workbench:withdraw-endpoint';
  export const rollBackEndpoint = 'workbench:roll-back-endpoint';
  export const restoreEndpoints = 'workbench:restore-endpoints';
  export const openEndpointDocs = 'workbench:open-endpoint-docs';
  export const copyEndpointUrl = 'workbench:copy-endpoint-url';
  export const copyEndpointCurl = 'workbench:copy-endpoint-curl';
  export const copyEndpointPython = 'workbench:copy-endpoint-python';
}
