export interface TestedBlock {
  /** Line of its first command in the page, from 1. */
  readonly line: number;
  readonly script: string;
}

/** The fenced blocks of a Markdown page whose info string is `sh test`, in order. */
export function testedBlocks(markdown: string): TestedBlock[] {
  return [...markdown.matchAll(/^```sh test\n([\s\S]*?)^```$/gm)].map((match) => ({
    line: markdown.slice(0, match.index).split('\n').length + 1,
    script: match[1] ?? '',
  }));
}

/** The texts of the fenced blocks of a page with exactly this info string, in order. */
export function fencedBlocks(markdown: string, info: string): string[] {
  return [...markdown.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
    .filter((match) => match[1] === info)
    .map((match) => match[2] ?? '');
}
