// Runs operations through the AWS SDK for JavaScript v3. One JSON command a line comes in, one JSON answer a line goes out:
//   {endpoint, accessKeyId, secretAccessKey, plane: "runtime"|"control", operation, input, pages?: true, retries?: n}
//   {output} or {error: {name, status, message, fault, attempts}}
// CLOCK_OFFSET_MS makes the machine's clock a wrong one. In inputs {"$date": milliseconds} stands for a Date; in outputs a Date is {"$date": milliseconds}.
import { createInterface } from "node:readline";
import * as runtime from "@aws-sdk/client-sagemaker-featurestore-runtime";
import * as control from "@aws-sdk/client-sagemaker";

const clockOffset = Number(process.env.CLOCK_OFFSET_MS ?? 0);
if (clockOffset !== 0) {
  const rightNow = Date.now;
  Date.now = () => rightNow() + clockOffset;
}

const planes = {
  runtime: { module: runtime, make: (config) => new runtime.SageMakerFeatureStoreRuntimeClient(config) },
  control: { module: control, make: (config) => new control.SageMakerClient(config) },
};
const clients = new Map();

function clientOf(command) {
  const key = [command.plane, command.endpoint, command.accessKeyId, command.secretAccessKey, command.retries].join("\n");
  if (!clients.has(key)) {
    clients.set(key, planes[command.plane].make({
      endpoint: command.endpoint,
      region: command.region ?? "us-east-1",
      credentials: { accessKeyId: command.accessKeyId, secretAccessKey: command.secretAccessKey },
      maxAttempts: command.retries ?? 1,
    }));
  }
  return clients.get(key);
}

function toDates(value) {
  if (Array.isArray(value)) return value.map(toDates);
  if (value === null || typeof value !== "object") return value;
  if ("$date" in value) return new Date(value.$date);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, toDates(one)]));
}

function fromDates(value) {
  if (value instanceof Date) return { $date: value.getTime() };
  if (Array.isArray(value)) return value.map(fromDates);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, fromDates(one)]));
}

async function run(command) {
  const { module } = planes[command.plane];
  const client = clientOf(command);
  if (command.pages) {
    const pages = [];
    const paginator = module[`paginate${command.operation}`]({ client, ...command.paging }, toDates(command.input));
    for await (const page of paginator) pages.push(fromDates(page));
    return pages;
  }
  const answer = await client.send(new module[`${command.operation}Command`](toDates(command.input)));
  return fromDates(answer);
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = { output: await run(JSON.parse(line)) };
  } catch (error) {
    answer = {
      error: {
        name: error.name,
        message: error.message,
        fault: error.$fault ?? null,
        status: error.$metadata?.httpStatusCode ?? null,
        attempts: error.$metadata?.attempts ?? null,
      },
    };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
