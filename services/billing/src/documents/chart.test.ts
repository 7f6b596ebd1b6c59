import { expect, it } from 'vitest';
import { layOutChart } from './chart.ts';

const SIZE = { width: 100, height: 50 };

it('the highest bar stays under the highest line, and a bar is as high as its value', () => {
  const { bars, grid } = layOutChart(
    [
      { label: '2020-01-01', value: '0' },
      { label: '2020-01-02', value: '50' },
      { label: '2020-01-03', value: '100.5' },
    ],
    SIZE,
  );
  expect(grid.map(({ value }) => value)).toEqual(['0', '30', '60', '90', '120']);
  expect(bars.map(({ height }) => height)).toEqual([0, 20.83, 41.88]);
  for (const { x, y, width, height } of bars) {
    expect(x + width).toBeLessThanOrEqual(SIZE.width);
    expect(y + height).toBeCloseTo(SIZE.height);
  }
});

it('a chart without calls has lines and no height', () => {
  expect(layOutChart([{ label: '2020-01-01', value: '0' }], SIZE).bars[0]?.height).toBe(0);
  expect(layOutChart([], SIZE).bars).toEqual([]);
});
