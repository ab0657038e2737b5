import type { SkipReason } from '../../shared/status.ts';
import { isCredentialFile } from '../secrets/secretFiles.ts';

/** Never entered, whatever the rules say. */
export const versionControlNames: ReadonlySet<string> = new Set([
  '.git',
  '.hg',
  '.svn',
  '.jj',
  '.bzr',
  'CVS',
  '_darcs',
]);

/** Folders of other people's code. `!vendor/` in a `.sextantignore` lets one in. */
export const vendoredDirectoryNames: ReadonlySet<string> = new Set([
  'node_modules',
  'bower_components',
  'jspm_packages',
  'web_modules',
  'vendor',
  'third_party',
  'third-party',
  'thirdparty',
  '3rdparty',
  'Pods',
  'Carthage',
  'site-packages',
  'dist-packages',
  '.venv',
  'venv',
  '.virtualenv',
  '.tox',
  '.nox',
  '.yarn',
  '.pnpm-store',
  '.gradle',
  '.bundle',
  '.dart_tool',
  '.terraform',
  '.eggs',
]);

const binaryExtensions = new Set(
  (
    'png jpg jpeg gif bmp ico icns webp avif heic tif tiff psd ai xcf raw cr2 nef mp3 mp4 m4a m4v wav ogg oga ogv ' +
    'flac aac mid midi avi mov mkv webm wmv flv zip gz tgz bz2 xz zst lz lz4 7z rar tar jar war ear aar apk ipa aab dmg ' +
    'iso img deb rpm msi exe dll so dylib a lib o obj ko pdb class pyc pyo pyd wasm node beam elc rlib rmeta hi dex ' +
    'nupkg whl egg gem vsix crx xpi pdf doc docx xls xlsx ppt pptx odt ods odp rtf epub mobi ttf otf woff woff2 eot ' +
    'db sqlite sqlite3 mdb accdb parquet arrow feather avro orc h5 hdf5 npy npz pkl pickle joblib pt pth ckpt onnx ' +
    'safetensors gguf tflite mlmodel rdb bson msgpack swf fla blend fbx glb 3ds stl dwg dxf ' +
    'der mo ktx dds pcap lockb xcuserstate nib snk suo'
  ).split(' '),
);

const lockFiles = new Set([
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'bun.lock',
  'deno.lock',
  'composer.lock',
  'Gemfile.lock',
  'Cargo.lock',
  'poetry.lock',
  'Pipfile.lock',
  'uv.lock',
  'pdm.lock',
  'pixi.lock',
  'go.sum',
  'go.work.sum',
  'mix.lock',
  'rebar.lock',
  'pubspec.lock',
  'Podfile.lock',
  'Package.resolved',
  'packages.lock.json',
  'project.assets.json',
  'gradle.lockfile',
  'flake.lock',
  'stack.yaml.lock',
  'conan.lock',
  'Manifest.toml',
  '.terraform.lock.hcl',
]);

const generatedName =
  /(\.pb\.(go|cc|h)|_pb2(_grpc)?\.pyi?|\.g\.dart|\.freezed\.dart|\.designer\.cs|\.g(\.i)?\.cs|\.map|\.tsbuildinfo|\.snap)$/i;
const minifiedName = /[.-]min\.(js|mjs|cjs|css|html|json)$/i;

/** What a file's name alone says against indexing it. */
export function skipReasonByName(name: string): SkipReason | undefined {
  if (isCredentialFile(name)) return 'secret';
  const extension = extensionOf(name);
  if (extension !== '' && binaryExtensions.has(extension)) return 'binary';
  if (minifiedName.test(name)) return 'minified';
  if (lockFiles.has(name) || generatedName.test(name)) return 'generated';
  return undefined;
}

/** The last extension in lower case without its dot; empty when there is none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot + 1).toLowerCase();
}
