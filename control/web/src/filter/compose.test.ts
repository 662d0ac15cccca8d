import { describe, expect, it } from 'vitest';
import { conjuncts, header, quoted, termText, unitsAt, withTerm, withText } from './compose';
import { columnOf, placeAt } from './kfl';
import { mended, wordOf } from './suggestion';

describe('quoted', () => {
  it.each([
    ['plain', '"plain"'],
    ['say "no"', '"say \\"no\\""'],
    ['a\\b', '"a\\\\b"'],
    ['two\nlines', '"two\\nlines"'],
    ['\u0001', '"\\u0001"'],
    ['日本', '"日本"'],
  ])('%j', (text, wanted) => expect(quoted(text)).toBe(wanted));
});

describe('withTerm', () => {
  const get = { variable: 'method', value: 'GET' };
  it.each([
    ['', false, 'method == "GET"'],
    ['', true, 'method != "GET"'],
    ['http', false, 'http && method == "GET"'],
    ['http || dns', false, '(http || dns) && method == "GET"'],
    ['a ? b : c', false, '(a ? b : c) && method == "GET"'],
    ['path == "a || b"', false, 'path == "a || b" && method == "GET"'],
    ['(http || dns) && x', false, '(http || dns) && x && method == "GET"'],
    ['method == "GET"', false, 'method == "GET"'],
    ['http && method == "GET"', true, 'http && method != "GET"'],
    ['http && method != "GET" && x', false, 'http && x && method == "GET"'],
    ['path == "\\" || "', false, 'path == "\\" || " && method == "GET"'],
  ])('%j, excluded %s', (filter, exclude, wanted) => expect(withTerm(filter, get, exclude)).toBe(wanted));

  it('writes numbers and truths as such', () => {
    expect(termText({ variable: 'status_code', value: 404 })).toBe('status_code == 404');
    expect(termText({ variable: 'http', value: true })).toBe('http');
    expect(termText({ variable: 'http', value: true }, true)).toBe('!http');
  });
  it('keeps hostile names within their quotation marks', () => {
    expect(header('request', 'X"] || true || x["')).toBe('request.headers["X\\"] || true || x[\\""]');
  });
  it('adds a whole filter once', () => {
    expect(withText('http && a == 1', 'a == 1 && b == 2')).toBe('http && a == 1 && b == 2');
    expect(conjuncts('  ')).toEqual([]);
  });
});

describe('positions', () => {
  it('counts bytes of UTF-8 as units of UTF-16', () => {
    expect(unitsAt('é == "😀" && x', 0)).toBe(0);
    expect(unitsAt('é == "😀" && x', 2)).toBe(1);
    expect(unitsAt('é == "😀" && x', 11)).toBe(8);
    expect(unitsAt('ab', 99)).toBe(2);
  });
  it('puts a suggested word where the fault is', () => {
    const fault = { position: 8, length: 10, message: '', suggestion: 'Is it status_code?' };
    expect(wordOf(fault.suggestion)).toBe('status_code');
    expect(mended('http && status_cod >= 500', fault, 'status_code')).toBe('http && status_code >= 500');
    expect(wordOf('Is it contains()?')).toBe('contains');
    expect(wordOf('Write it in quotation marks.')).toBe('');
  });
});

describe('what is being written', () => {
  it.each([
    ['', 'variable', '', ''],
    ['http && dst.na', 'variable', 'dst.na', ''],
    ['method == ', 'value', '', 'method'],
    ['method == "GE', 'value', 'GE', 'method'],
    ['method in ["GET", "P', 'value', 'P', 'method'],
    ['src.labels["ap', 'key', 'ap', 'src.labels'],
    ['src.labels["app"] == "fr', 'value', 'fr', 'src.labels'],
    ['status_code >= 5', 'value', '5', 'status_code'],
    ['path.contains("x', 'none', '', ''],
  ])('%j', (text, kind, typed, variable) => {
    const place = placeAt(text);
    expect([place.kind, place.typed, place.variable]).toEqual([kind, typed, variable]);
  });
  it.each([
    ['dst.namespace', 'dst_namespace'],
    ['src.pod.name', 'src_pod'],
    ['remote.workload.kind', 'dst_workload_kind'],
    ['src.labels', 'src_labels'],
    ['method', 'method'],
    ['request.headers', ''],
    ['src.port', ''],
  ])('the column of %s', (variable, column) => expect(columnOf(variable)).toBe(column));
});
