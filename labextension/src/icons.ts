/** The extension's icon. */

import { LabIcon } from '@jupyterlab/ui-components';

export const workbenchIcon = new LabIcon({
  name: 'workbench:bench',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3 jp-icon-selectable" fill="#616161" d="M3 4h18v2H3zm2 3h2v4H5zm12 0h2v4h-2zM2 12h20v3H2zm3 4h2v5H5zm12 0h2v5h-2zm-7-9.5 5 2.75-5 2.75z"/></svg>`
});
