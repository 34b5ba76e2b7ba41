import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { AddressSpace } from '../../src/inspect/address-space.js';
import { checkSpace } from '../../src/inspect/check/check.js';
import { parsePolicy } from '../../src/inspect/check/policy.js';
import { type ArtifactPlace, sarifText } from '../../src/inspect/check/reports.js';
import { Names } from '../../src/inspect/names.js';
import { Regions } from '../../src/inspect/regions.js';
import { schemaErrors } from '../support/json-schema.js';
import { boardSpace } from '../support/tables.js';

const FILE = new URL('../fixtures/sarif/sarif-schema-2.1.0.json.gz', import.meta.url);
const schema = JSON.parse(gunzipSync(readFileSync(FILE)).toString()) as Record<string, unknown>;

interface Log {
  readonly runs: {
    readonly tool: { readonly driver: { readonly rules: { readonly id: string }[] } };
    readonly results: {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly suppressions?: unknown[];
      readonly partialFingerprints: Record<string, string>;
      readonly locations: {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string };
          readonly region?: Record<string, number>;
        };
      }[];
    }[];
  }[];
}

function log(place: ArtifactPlace | undefined): Log {
  const space = new AddressSpace(boardSpace().input);
  const policy = parsePolicy(
    {
      version: 1,
      rules: [{ forbid: 'x' }],
      waivers: [{ rule: 'VM003', reason: 'a test <of> "words"' }],
    },
    new Names(),
  );
  const context = { space, regions: new Regions(space), names: new Names(), kernel: [] };
  const result = checkSpace(context, { today: '2026-11-22', policy });
  const origin = { version: '0.1.0', source: 'ram:my dump.bin@0x60000000', locate: () => place };
  return JSON.parse(sarifText(result, origin)) as Log;
}

describe('SARIF', () => {
  it.each([
    ['a line of a layout', { file: 'layouts/my board.yaml', line: 14 }],
    ['a byte of a dump', { file: 'dump.bin', byteOffset: 0x4000 }],
    ['a file', { file: '/tmp/tables.bin.gz' }],
    ['the source alone', undefined],
  ])('at %s follows the schema', (_name, place) => {
    expect(schemaErrors(schema, log(place))).toEqual([]);
  });

  it('has rules, places and fingerprints for every result', () => {
    const [run] = log({ file: 'board.yaml', line: 14 }).runs;
    const results = run?.results ?? [];
    expect(results.length).toBeGreaterThan(5);
    for (const { ruleId, ruleIndex, locations, partialFingerprints } of results) {
      expect(run?.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
      expect(locations[0]?.physicalLocation).toEqual({
        artifactLocation: { uri: 'board.yaml' },
        region: { startLine: 14 },
      });
      expect(partialFingerprints['pagewrightFinding/v1']).toMatch(/^[0-9a-f]{16}$/);
    }
  });

  it('tells what was waived as suppressed', () => {
    const results = log(undefined).runs[0]?.results ?? [];
    const waived = results.filter(({ suppressions }) => suppressions !== undefined);
    expect(waived.map(({ ruleId }) => ruleId)).toEqual(['VM003']);
  });
});

describe('the validator', () => {
  it('finds what does not follow the schema', () => {
    const good = log(undefined);
    const wrong = { ...good, version: '2.0.0', runs: [{ ...good.runs[0], results: [{}] }], x: 1 };
    expect(schemaErrors(schema, wrong)).toEqual([
      '$: x is not known',
      '$.version: is 2.0.0',
      '$.runs[0].results[0]: lacks message',
    ]);
  });
});
