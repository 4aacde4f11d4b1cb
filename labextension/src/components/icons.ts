/** The extension's icons. */

import { LabIcon } from '@jupyterlab/ui-components';

export const workbenchIcon = new LabIcon({
  name: 'workbench:bench',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3 jp-icon-selectable" fill="#616161" d="M3 4h18v2H3zm2 3h2v4H5zm12 0h2v4h-2zM2 12h20v3H2zm3 4h2v5H5zm12 0h2v5h-2zm-7-9.5 5 2.75-5 2.75z"/></svg>`
});

export const compareIcon = new LabIcon({
  name: 'workbench:compare',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3" fill="#616161" d="M4 4h6v16H4zm2 2v12h2V6zm8-2h6v16h-6zm2 2v12h2V6z"/></svg>`
});

export const tidyIcon = new LabIcon({
  name: 'workbench:tidy',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3" fill="#616161" d="M15 3h2v7h2a2 2 0 0 1 2 2v9h-3v-5h-1v5h-3v-5h-1v5H9v-9a2 2 0 0 1 2-2h4zM3 6h8v2H3zm0 5h4v2H3zm0 5h4v2H3z"/></svg>`
});
