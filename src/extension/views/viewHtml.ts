export interface ViewPage {
  readonly nonce: string;
  readonly cspSource: string;
  readonly language: string;
  readonly title: string;
  readonly scriptUri: string;
  readonly styleUris: readonly string[];
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}

/** The shell of a view: nothing is loaded but our own script, styles and icon font. */
export function viewHtml(page: ViewPage): string {
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${page.nonce}'`,
    `style-src ${page.cspSource}`,
    `font-src ${page.cspSource}`,
  ].join('; ');
  const styles = page.styleUris.map((uri) => `<link rel="stylesheet" href="${attribute(uri)}">`).join('\n    ');
  return `<!DOCTYPE html>
<html lang="${attribute(page.language)}">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${attribute(page.title)}</title>
    ${styles}
  </head>
  <body>
    <div id="app"></div>
    <script type="module" nonce="${page.nonce}" src="${attribute(page.scriptUri)}"></script>
  </body>
</html>`;
}
