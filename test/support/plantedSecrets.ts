import { createHash } from 'node:crypto';

const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const digits = '0123456789';
const hex = `${digits}abcdef`;
const alphanumeric = lower + upper + digits;
const base64 = `${alphanumeric}+/`;

/** Characters that look as if a generator of keys had drawn them, the same on every run. */
function draw(seed: string, length: number, alphabet: string): string {
  let text = '';
  for (let block = 0; text.length < length; block += 1) {
    for (const byte of createHash('sha256').update(`${seed} ${block}`).digest())
      text += alphabet[byte % alphabet.length]!;
  }
  return text.slice(0, length);
}

/** Secrets by kind, made up when the test runs, so that no scanner of ours or others finds one in this repository. */
const kinds: Readonly<Record<string, (seed: string) => string>> = {
  aws: (seed) => `AKIA${draw(seed, 16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`,
  awsSecret: (seed) => draw(seed, 40, base64),
  azure: (seed) => `DefaultEndpointsProtocol=https;AccountName=store;AccountKey=${draw(seed, 86, base64)}==`,
  google: (seed) => `AIza${draw(seed, 35, alphanumeric)}`,
  googleOauth: (seed) => `GOCSPX-${draw(seed, 28, alphanumeric)}`,
  github: (seed) => `ghp_${draw(seed, 36, alphanumeric)}`,
  githubFine: (seed) => `github_pat_${draw(seed, 22, alphanumeric)}_${draw(`${seed}b`, 59, alphanumeric)}`,
  gitlab: (seed) => `glpat-${draw(seed, 20, alphanumeric)}`,
  slack: (seed) => `xoxb-${draw(seed, 12, digits)}-${draw(`${seed}b`, 24, alphanumeric)}`,
  slackHook: (seed) =>
    `https://hooks.slack.com/services/T${draw(seed, 8, upper)}/B${draw(seed, 8, upper)}/${draw(seed, 24, alphanumeric)}`,
  stripe: (seed) => `sk_live_${draw(seed, 24, alphanumeric)}`,
  openai: (seed) => `sk-proj-${draw(seed, 48, alphanumeric)}T3BlbkFJ${draw(`${seed}b`, 48, alphanumeric)}`,
  anthropic: (seed) => `sk-ant-api03-${draw(seed, 93, alphanumeric)}AA`,
  huggingFace: (seed) => `hf_${draw(seed, 34, lower + upper)}`,
  npm: (seed) => `npm_${draw(seed, 36, alphanumeric)}`,
  pypi: (seed) => `pypi-AgEIcHlwaS5vcmc${draw(seed, 100, alphanumeric)}`,
  docker: (seed) => `dckr_pat_${draw(seed, 27, alphanumeric)}`,
  twilio: (seed) => `SK${draw(seed, 32, hex)}`,
  sendgrid: (seed) => `SG.${draw(seed, 22, alphanumeric)}.${draw(`${seed}b`, 43, alphanumeric)}`,
  digitalocean: (seed) => `dop_v1_${draw(seed, 64, hex)}`,
  databricks: (seed) => `dapi${draw(seed, 32, hex)}`,
  vault: (seed) => `hvs.${draw(seed, 90, alphanumeric)}`,
  telegram: (seed) => `${draw(seed, 10, '123456789')}:AA${draw(`${seed}b`, 33, alphanumeric)}`,
  discord: (seed) =>
    `M${draw(seed, 25, alphanumeric)}.${draw(`${seed}b`, 6, alphanumeric)}.${draw(`${seed}c`, 30, alphanumeric)}`,
  shopify: (seed) => `shpat_${draw(seed, 32, hex)}`,
  jwt: (seed) =>
    `eyJ${draw(seed, 33, alphanumeric)}.eyJ${draw(`${seed}b`, 60, alphanumeric)}.${draw(`${seed}c`, 43, alphanumeric)}`,
  database: (seed) => `postgres://app:${draw(seed, 14, alphanumeric)}@db.internal:5432/orders`,
  password: (seed) => `${draw(seed, 6, lower)}-${draw(`${seed}b`, 3, digits)}!${draw(`${seed}c`, 3, upper)}`,
  hexKey: (seed) => draw(seed, 64, hex),
  uuidKey: (seed) => `${draw(seed, 8, hex)}-${draw(`${seed}b`, 12, hex)}-${draw(`${seed}c`, 12, hex)}`,
  base64Key: (seed) => `${draw(seed, 43, base64)}=`,
};

interface Place {
  readonly file: string;
  readonly write: (secret: string) => string;
}

/** Where people leave secrets; each text has ordinary lines around. */
const places: readonly Place[] = [
  { file: 'client.ts', write: (s) => `export class Client {\n  readonly #password = '${s}';\n  connect() {}\n}\n` },
  {
    file: 'settings.py',
    write: (s) => `DEBUG = True\n\nDB_PASSWORD = "${s}"\n\ndef load():\n    return DB_PASSWORD\n`,
  },
  { file: 'app.yml', write: (s) => `server:\n  port: 80\n  password: "${s}"\n  host: example.org\n` },
  { file: 'config.json', write: (s) => `{\n  "name": "shop",\n  "password": "${s}",\n  "port": 8080\n}\n` },
  { file: 'deploy.sh', write: (s) => `#!/bin/sh\nexport APP_PASSWORD=${s}\n./run --fast\n` },
  { file: 'main.go', write: (s) => `package main\n\nconst password = "${s}"\n\nfunc main() {}\n` },
  { file: 'Notes.md', write: (s) => `# Set-up\n\nUse \`password=${s}\` for now.\n` },
];

/** A PEM block, its kind put together so that it stands nowhere in this repository. */
export function pemBlock(seed: string, lines: number): string {
  const marker = (word: string): string => ['-----', word, ' RSA PRIVATE ', 'KEY', '-----'].join('');
  const body = Array.from({ length: lines }, (_, line) => draw(`${seed} ${line}`, 64, base64));
  return [marker('BEGIN'), ...body, marker('END')].join('\n');
}

export interface PlantedFile {
  readonly path: string;
  readonly text: string;
  /** What must not be seen outside; part of `text`. */
  readonly secret: string;
}

/** Files of ordinary kinds, each with one secret in it: all kinds in all places. */
export function plantedFiles(): PlantedFile[] {
  const files: PlantedFile[] = [];
  for (const [kind, make] of Object.entries(kinds)) {
    for (const { file, write } of places) {
      const secret = make(`${kind} ${file}`);
      files.push({ path: `${kind}/${file}`, text: write(secret), secret });
    }
  }
  const pem = pemBlock('pem', 12);
  files.push({ path: 'keys/setup.ts', text: `export const key = \`${pem}\`;\n`, secret: pem.split('\n')[4]! });
  return files;
}

/** Files whose name alone decides. */
export function filesOfTellingName(): PlantedFile[] {
  const names = [
    '.npmrc',
    '.envrc',
    'kubeconfig',
    '.aws/config',
    'credentials.json',
    'prod.tfvars',
    'terraform.tfstate',
    'client.ovpn',
    'secrets.yaml',
    '.ssh/config',
  ];
  return names.map((path) => ({ path, text: `value ${draw(path, 8, lower)}\n`, secret: draw(path, 8, lower) }));
}
