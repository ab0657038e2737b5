import { registerHooks } from 'node:module';

const fake = new URL('./fakeVscode.ts', import.meta.url).href;

// Modules imported after this one, and only those, get the fake for `vscode`.
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'vscode' ? { url: fake, shortCircuit: true } : next(specifier, context),
});
