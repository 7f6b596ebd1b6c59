/** Rows that ClickHouse answers over HTTP. @throws Error with what it says where it refuses */
export async function queryClickHouse<Row>(url: string, sql: string): Promise<Row[]> {
  return tellClickHouse(url, `${sql} FORMAT JSONEachRow`);
}

/** As above, for statements that end otherwise, or answer nothing. */
export async function tellClickHouse<Row>(url: string, statement: string): Promise<Row[]> {
  const response = await fetch(url, { method: 'POST', body: statement });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}
