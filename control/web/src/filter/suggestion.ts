// What to do with a fault's suggestion. Pure.
import type { FilterFault } from '../api/types';
import { unitsAt } from './compose';

// The text with another word where the fault is.
export function mended(text: string, fault: FilterFault, word: string): string {
  return text.slice(0, unitsAt(text, fault.position)) + word + text.slice(unitsAt(text, fault.position + fault.length));
}

// Suggestions are sentences; one that names a word in its place can be followed with a click.
export function wordOf(suggestion: string): string {
  return /^Is it (\S+)\?$/.exec(suggestion)?.[1]?.replace(/\(\)$/, '') ?? '';
}
