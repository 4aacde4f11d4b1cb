/** Files that the page makes for the user to keep. */

/** Save text, or a picture given as a data URL, with the browser. */
export function download(name: string, content: string): void {
  const isUrl = content.startsWith('data:');
  const href = isUrl ? content : URL.createObjectURL(new Blob([content], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = href;
  link.download = name;
  link.click();
  if (!isUrl) {
    URL.revokeObjectURL(href);
  }
}

/** Return several canvases, stacked on the theme's background, as the data URL of a PNG. */
export function pictureOf(canvases: HTMLCanvasElement[], titles: string[], ground: string, ink: string): string {
  const scale = window.devicePixelRatio || 1;
  const titleHeight = 24 * scale;
  const picture = document.createElement('canvas');
  picture.width = Math.max(1, ...canvases.map(canvas => canvas.width));
  picture.height = canvases.reduce((sum, canvas) => sum + canvas.height + titleHeight, 1);
  const context = picture.getContext('2d')!;
  context.fillStyle = ground;
  context.fillRect(0, 0, picture.width, picture.height);
  context.fillStyle = ink;
  context.font = `${13 * scale}px sans-serif`;
  let top = 0;
  canvases.forEach((canvas, index) => {
    context.fillText(titles[index] ?? '', 8 * scale, top + 16 * scale);
    context.drawImage(canvas, 0, top + titleHeight);
    top += canvas.height + titleHeight;
  });
  return picture.toDataURL('image/png');
}
