import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewHtml } from '../../../src/extension/views/viewHtml.ts';

const html = viewHtml({
  nonce: 'n0nce',
  cspSource: 'https://csp.example',
  language: 'en"><script>',
  title: 'a <b> & "c"',
  scriptUri: 'https://csp.example/search.js?a=1&b="x"',
  styleUris: ['https://csp.example/one.css', 'https://csp.example/two.css'],
});

test('nothing may be loaded but what is named', () => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1];
  assert.deepEqual(policy?.split('; '), [
    "default-src 'none'",
    "script-src 'nonce-n0nce'",
    'style-src https://csp.example',
    'font-src https://csp.example',
  ]);
});

test('one script, with the nonce, and no inline code or style', () => {
  assert.deepEqual(html.match(/<script[^>]*>/g), [
    '<script type="module" nonce="n0nce" src="https://csp.example/search.js?a=1&amp;b=&quot;x&quot;">',
  ]);
  assert.doesNotMatch(html, /style=|<style|onload|onclick/);
});

test('values are escaped', () => {
  assert.ok(html.includes('<title>a &lt;b> &amp; &quot;c&quot;</title>'));
  assert.ok(html.includes('lang="en&quot;>&lt;script>"'));
});
