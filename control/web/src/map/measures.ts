// What is asked of the layout and what it answers, and the sizes of what is drawn. Apart from the layout, whose library is loaded in
// its worker alone.

export interface Point {
  x: number;
  y: number;
}
export interface Line {
  key: string;
  src: string;
  dst: string;
}
export interface LayoutQuestion {
  id: number;
  nodes: string[];
  lines: Line[];
  labelled: boolean; // room for figures on each line
  groups: { key: string; nodes: string[] }[] | null; // null: each for itself
  width: number; // of the place, for its proportions
  height: number;
}
export interface Box extends Point {
  width: number;
  height: number;
}
export interface LayoutAnswer {
  id: number;
  width: number;
  height: number;
  nodes: Record<string, Box>; // x, y: the middle
  lines: Record<string, { points: Point[]; label: Point | null }>;
  groups: Record<string, Box>;
}

export const kNode = { width: 176, height: 46 };
export const kSmallNode = { width: 158, height: 24, gap: 4 };
export const kGroupHead = 28;
export const kGroupPad = 10;
export const kLabel = { width: 148, height: 14 };
export const kMargin = 30;

export const scaleOf = (answer: { width: number; height: number }, width: number, height: number): number => Math.min(width / Math.max(answer.width, 1), height / Math.max(answer.height, 1));
