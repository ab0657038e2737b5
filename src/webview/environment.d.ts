/// <reference types="vscode-webview" />

/** Style sheets that esbuild bundles beside the script which imports them. */
declare module '*.css';
