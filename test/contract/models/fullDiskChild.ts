/** `fullDiskChild.ts HUB LIBRARY ARCHIVE`: tries to install on a disk that is too small; prints the codes of the failures. */
import { ModelLibrary } from '../../../src/engine/models/modelLibrary.ts';
import { ModelService } from '../../../src/engine/models/modelService.ts';
import { serializeError } from '../../../src/shared/errors.ts';
import { commit } from '../../support/hubServer.ts';

const [endpoint = '', directory = '', archive = ''] = process.argv.slice(2);
const service = new ModelService({ library: new ModelLibrary(directory) });
const access = { endpoint, useProxy: false };
const request = { repository: 'acme/tiny-embed', commit, license: 'mit', access, task: '' };
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'installed',
    (error: unknown) => serializeError(error).code,
  );
process.stdout.write(JSON.stringify([await codeOf(service.add(request)), await codeOf(service.import(archive, {}))]));
