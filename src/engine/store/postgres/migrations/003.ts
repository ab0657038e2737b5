import { protect } from './002.ts';

/**
 * What whoever searches keeps of the vectors, by segment, so that it is read and not worked out each time a window is opened: see
 * `segmentCodes.ts`. `embedded`: how many chunks of the segment it has; vectors that come later make it be written anew.
 */
export const sql = `
CREATE TABLE sextant.segment_codes (
  repository_id bigint NOT NULL,
  segment_id bigint NOT NULL,
  model_id integer NOT NULL REFERENCES sextant.models,
  embedded integer NOT NULL,
  codes bytea NOT NULL,
  PRIMARY KEY (repository_id, segment_id, model_id),
  FOREIGN KEY (repository_id, segment_id) REFERENCES sextant.segments ON DELETE CASCADE
);
ALTER TABLE sextant.segment_codes ALTER COLUMN codes SET STORAGE EXTERNAL;
${protect('segment_codes')}
`;
