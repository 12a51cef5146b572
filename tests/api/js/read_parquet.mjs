// Reads Parquet files with two readers that are not DuckDB and prints, a JSON line a file,
//   {file, hyparquet: {columns, rows}, wasm: {columns, rows}}
// where columns are [name, type] and a cell is null, true, false, {i: "integer"}, {d: "16 hex digits of the double"},
// {t: "text as UTF-8 hex"} or {us: "microseconds since 1970"}.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { parquetMetadata, parquetReadObjects, parquetSchema } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { readParquet } from "parquet-wasm/node";
import { DataType, tableFromIPC, TimeUnit } from "apache-arrow";

function doubleBits(value) {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return { d: view.getBigUint64(0).toString(16).padStart(16, "0") };
}

const text = (value) => ({ t: Buffer.from(value, "utf8").toString("hex") });

// The physical and logical type of a column, as the file itself says.
function typeOf(element) {
  const logical = element.logical_type;
  const detail = logical?.type === "TIMESTAMP" ? `(${logical.unit},${logical.isAdjustedToUTC ? "utc" : "local"})` : "";
  return [element.type, (logical?.type ?? element.converted_type ?? "") + detail, element.repetition_type].join("/");
}

async function readHyparquet(buffer) {
  const metadata = parquetMetadata(buffer);
  const elements = parquetSchema(metadata).children.map((child) => child.element);
  // Timestamps stay what they are in the file: a Date has milliseconds only.
  const parsers = {
    timestampFromMilliseconds: (millis) => ({ us: String(BigInt(millis) * 1000n) }),
    timestampFromMicroseconds: (micros) => ({ us: String(micros) }),
    timestampFromNanoseconds: (nanos) => ({ us: String(BigInt(nanos) / 1000n) }),
    stringFromBytes: (bytes) => bytes && { t: Buffer.from(bytes).toString("hex") },
    dateFromDays: (days) => ({ day: days }),
  };
  const objects = await parquetReadObjects({ file: buffer, metadata, compressors, parsers, utf8: false });
  const cell = (value) => {
    if (value === null || value === undefined) return null;
    if (typeof value === "bigint") return { i: value.toString() };
    if (typeof value === "number") return doubleBits(value);
    if (typeof value === "string") return text(value);
    return value;
  };
  const names = elements.map((element) => element.name);
  return {
    columns: elements.map((element) => [element.name, typeOf(element)]),
    rows: objects.map((row) => names.map((name) => cell(row[name]))),
    rowCount: Number(metadata.num_rows),
  };
}

const unitsInMicroseconds = { [TimeUnit.SECOND]: 1000000n, [TimeUnit.MILLISECOND]: 1000n, [TimeUnit.MICROSECOND]: 1n };

// Timestamps are read as the integers behind them: the vector's own getter gives rounded milliseconds.
function timestampCell(vector, index) {
  let at = index;
  for (const data of vector.data) {
    if (at < data.length) {
      const raw = data.values[at];
      return { us: String(BigInt(raw) * unitsInMicroseconds[vector.type.unit]) };
    }
    at -= data.length;
  }
  throw new Error("row out of range");
}

function readWasm(bytes) {
  const table = tableFromIPC(readParquet(bytes).intoIPCStream());
  const cell = (vector, index) => {
    if (!vector.isValid(index)) return null;
    if (DataType.isTimestamp(vector.type)) return timestampCell(vector, index);
    const value = vector.get(index);
    if (typeof value === "bigint") return { i: value.toString() };
    if (typeof value === "number") return doubleBits(value);
    if (typeof value === "string") return text(value);
    return value;
  };
  const vectors = table.schema.fields.map((field, index) => table.getChildAt(index));
  const rows = [];
  for (let index = 0; index < table.numRows; index++) rows.push(vectors.map((vector) => cell(vector, index)));
  return { columns: table.schema.fields.map((field) => [field.name, String(field.type)]), rows };
}

for await (const file of createInterface({ input: process.stdin })) {
  const bytes = readFileSync(file);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const answer = { file, hyparquet: await readHyparquet(buffer), wasm: readWasm(new Uint8Array(buffer)) };
  process.stdout.write(JSON.stringify(answer) + "\n");
}
