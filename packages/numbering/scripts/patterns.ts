/**
 * The metadata's number patterns (digits, `\d`, classes, groups, `?`, `{n}`, `{n,m}`, `|`) as one automaton over digits.
 * Walking it tells, for any digits so far, which patterns can still match: what a prefix table is made from.
 */

/** A state of the automaton. `digits` takes one digit of the bit set to `next`. */
export type State =
  | { readonly kind: 'digits'; readonly id: number; readonly set: number; next: State }
  | { readonly kind: 'split'; readonly id: number; readonly outs: State[] }
  | { readonly kind: 'accept'; readonly id: number; readonly label: string };

type Node =
  | { readonly kind: 'set'; readonly set: number }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  | { readonly kind: 'choice'; readonly items: readonly Node[] }
  | { readonly kind: 'repeat'; readonly item: Node; readonly min: number; readonly max: number };

const ALL_DIGITS = 0b11_1111_1111;
let nextId = 0;

/** The state from which `pattern` leads to a state that accepts `label`. */
export function compilePattern(pattern: string, label: string): State {
  return connect(parse(pattern), { kind: 'accept', id: nextId++, label });
}

/** As `compilePattern`, for numbers that begin with the pattern. */
export function compileLeading(pattern: string, label: string): State {
  const accept: State = { kind: 'accept', id: nextId++, label };
  const more: State = { kind: 'split', id: nextId++, outs: [accept] };
  more.outs.push({ kind: 'digits', id: nextId++, set: ALL_DIGITS, next: more });
  return connect(parse(pattern), more);
}

/** All digit strings that a pattern without repetition beyond small counts can match. */
export function expandPattern(pattern: string): string[] {
  const results: string[] = [];
  const walk = (states: readonly State[], prefix: string): void => {
    const closed = close(states);
    if (closed.some((state) => state.kind === 'accept')) results.push(prefix);
    for (let digit = 0; digit < 10; digit++) {
      const next = step(closed, digit);
      if (next.length > 0) walk(next, prefix + String(digit));
    }
  };
  walk([compilePattern(pattern, 'whole')], '');
  return results;
}

/** All states reachable without a digit, ordered by id. */
export function close(states: readonly State[]): State[] {
  const seen = new Map<number, State>();
  const visit = (state: State): void => {
    if (seen.has(state.id)) return;
    seen.set(state.id, state);
    if (state.kind === 'split') state.outs.forEach(visit);
  };
  states.forEach(visit);
  return [...seen.values()].filter((state) => state.kind !== 'split').sort((a, b) => a.id - b.id);
}

/** States after one more digit; not closed. */
export function step(states: readonly State[], digit: number): State[] {
  const next: State[] = [];
  for (const state of states) if (state.kind === 'digits' && (state.set >> digit) & 1) next.push(state.next);
  return next;
}

function connect(node: Node, next: State): State {
  switch (node.kind) {
    case 'set':
      return { kind: 'digits', id: nextId++, set: node.set, next };
    case 'sequence':
      return node.items.reduceRight<State>((rest, item) => connect(item, rest), next);
    case 'choice':
      return { kind: 'split', id: nextId++, outs: node.items.map((item) => connect(item, next)) };
    case 'repeat': {
      let state = next;
      for (let i = node.max; i > node.min; i--) {
        state = { kind: 'split', id: nextId++, outs: [connect(node.item, state), next] };
      }
      for (let i = node.min; i > 0; i--) state = connect(node.item, state);
      return state;
    }
  }
}

function parse(pattern: string): Node {
  let at = 0;
  const fail = (): never => {
    throw new Error(
      `Cannot read the pattern ${pattern} at character ${at + 1}: ${pattern.slice(at, at + 10)}`,
    );
  };
  const choice = (): Node => {
    const items = [sequence()];
    while (pattern[at] === '|') {
      at++;
      items.push(sequence());
    }
    return items.length === 1 ? items[0]! : { kind: 'choice', items };
  };
  const sequence = (): Node => {
    const items: Node[] = [];
    while (at < pattern.length && pattern[at] !== '|' && pattern[at] !== ')') items.push(repeated(atom()));
    return { kind: 'sequence', items };
  };
  const atom = (): Node => {
    const character = pattern[at++]!;
    if (character >= '0' && character <= '9') return { kind: 'set', set: 1 << Number(character) };
    if (character === '\\' && pattern[at] === 'd') {
      at++;
      return { kind: 'set', set: ALL_DIGITS };
    }
    if (character === '[') return digitClass();
    if (character === '(') {
      if (pattern.startsWith('?:', at)) at += 2;
      const inner = choice();
      if (pattern[at++] !== ')') fail();
      return inner;
    }
    at--;
    return fail();
  };
  const digitClass = (): Node => {
    let set = 0;
    while (pattern[at] !== ']') {
      const from = Number(pattern[at++]);
      let to = from;
      if (pattern[at] === '-') {
        to = Number(pattern[at + 1]);
        at += 2;
      }
      if (!(from <= to)) fail();
      for (let digit = from; digit <= to; digit++) set |= 1 << digit;
    }
    at++;
    return { kind: 'set', set };
  };
  const repeated = (item: Node): Node => {
    if (pattern[at] === '?') {
      at++;
      return { kind: 'repeat', item, min: 0, max: 1 };
    }
    const count = /^\{(\d+)(?:,(\d+))?\}/.exec(pattern.slice(at));
    if (count === null) return item;
    at += count[0].length;
    const min = Number(count[1]);
    return { kind: 'repeat', item, min, max: Number(count[2] ?? min) };
  };
  const node = choice();
  if (at !== pattern.length) fail();
  return node;
}
