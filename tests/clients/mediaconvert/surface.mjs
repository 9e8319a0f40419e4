// The unmodified JavaScript SDK v3 over the whole surface of the stand-in, errors included.
// Usage: node surface.mjs ENDPOINT ROLE SETTINGS-FILE
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import * as sdk from "@aws-sdk/client-mediaconvert";

const [endpoint, role, settingsFile] = process.argv.slice(2);
const settings = JSON.parse(await readFile(settingsFile, "utf8"));
const mark = Math.random().toString(36).slice(2);
const client = new sdk.MediaConvert({
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
});
const called = new Set();

/** Calls an operation by its name in the service model. */
async function call(operation, input = {}) {
  called.add(operation);
  return client.send(new sdk[`${operation}Command`](input));
}

async function refused(kind, message, operation, input) {
  await assert.rejects(call(operation, input), (error) => {
    assert.equal(error.constructor, sdk[kind], `${operation}: ${error.name}: ${error.message}`);
    assert.match(error.message, message);
    return true;
  });
}

const { Endpoints } = await call("DescribeEndpoints");
assert.equal(Endpoints[0].Url, endpoint);

const queue = `queue-${mark}`;
const created = await call("CreateQueue", { Name: queue, Status: "PAUSED", ConcurrentJobs: 1, Tags: { a: "b c" } });
assert.equal(created.Queue.Type, "CUSTOM");
assert.ok(created.Queue.CreatedAt instanceof Date);
await refused("ConflictException", /already exists/, "CreateQueue", { Name: queue });
assert.equal((await call("UpdateQueue", { Name: queue, Description: "ü" })).Queue.Description, "ü");
assert.equal((await call("GetQueue", { Name: queue })).Queue.Status, "PAUSED");
assert.ok((await call("ListQueues", { MaxResults: 1 })).NextToken);
await refused("BadRequestException", /nextToken/, "ListQueues", { NextToken: "x" });
await refused("NotFoundException", /queue doesn't exist/, "GetQueue", { Name: "none" });
await refused("TooManyRequestsException", /not allocated/, "UpdateQueue", { Name: queue, ConcurrentJobs: 99999 });

const tagged = { Arn: created.Queue.Arn };
await call("TagResource", { ...tagged, Tags: { "key/%": "value" } });
await call("UntagResource", { ...tagged, TagKeys: ["a"] });
assert.deepEqual((await call("ListTagsForResource", tagged)).ResourceTags.Tags, { "key/%": "value" });

const { OutputGroups, Inputs } = settings;
const { ContainerSettings, VideoDescription, AudioDescriptions } = OutputGroups[0].Outputs[0];
const preset = { Name: `preset-${mark}`, Settings: { ContainerSettings, VideoDescription, AudioDescriptions } };
assert.equal((await call("CreatePreset", preset)).Preset.Type, "CUSTOM");
assert.equal((await call("UpdatePreset", { Name: preset.Name, Category: "c" })).Preset.Category, "c");
assert.equal((await call("GetPreset", { Name: preset.Name })).Preset.Name, preset.Name);
assert.equal((await call("ListPresets", { Category: "c" })).Presets.at(-1).Type, "CUSTOM");

const outputs = [{ Preset: preset.Name, NameModifier: "_js" }];
const group = { ...OutputGroups[0], Outputs: outputs };
const template = { Name: `template-${mark}`, Settings: { OutputGroups: [group] }, Queue: queue, Priority: 5 };
assert.equal((await call("CreateJobTemplate", template)).JobTemplate.Priority, 5);
await call("UpdateJobTemplate", { Name: template.Name, Priority: 6 });
assert.equal((await call("GetJobTemplate", { Name: template.Name })).JobTemplate.Priority, 6);
assert.ok((await call("ListJobTemplates")).JobTemplates.length > 0);

const waiting = await call("CreateJob", { Role: role, JobTemplate: template.Name, Settings: { Inputs } });
assert.equal(waiting.Job.Priority, 6);
await refused("ConflictException", /unfinished jobs/, "DeleteQueue", { Name: queue });
await call("CancelJob", { Id: waiting.Job.Id });
await refused("ConflictException", /already CANCELED/, "CancelJob", { Id: waiting.Job.Id });
await refused("BadRequestException", /^\/outputGroups: Should have at least 1 items/, "CreateJob", {
  Role: role,
  Settings: { Inputs },
});

const ClientRequestToken = mark;
const first = await call("CreateJob", { Role: role, Settings: settings, ClientRequestToken, UserMetadata: { k: "v" } });
const again = await call("CreateJob", { Role: role, Settings: settings, ClientRequestToken });
assert.equal(again.Job.Id, first.Job.Id);
let job = first.Job;
while (!["COMPLETE", "ERROR", "CANCELED"].includes(job.Status)) {
  await pause(100);
  job = (await call("GetJob", { Id: job.Id })).Job;
}
assert.equal(job.Status, "COMPLETE", job.ErrorMessage);
assert.ok(job.OutputGroupDetails[0].OutputDetails[0].DurationInMs > 0);
assert.ok(job.Timing.FinishTime instanceof Date);
assert.equal((await call("ListJobs", { MaxResults: 1 })).Jobs[0].Id, job.Id);
assert.equal((await call("SearchJobs", { InputFile: Inputs[0].FileInput })).Jobs[0].Id, job.Id);
const query = await call("StartJobsQuery", { FilterList: [{ Key: "status", Values: ["COMPLETE"] }], MaxResults: 1 });
assert.equal((await call("GetJobsQueryResults", { Id: query.Id })).Jobs[0].Id, job.Id);
const probed = await call("Probe", { InputFiles: [{ FileUrl: Inputs[0].FileInput }] });
assert.equal(probed.ProbeResults[0].Container.Format, "mp4");

await call("PutPolicy", { Policy: { HttpInputs: "DISALLOWED" } });
assert.equal((await call("GetPolicy")).Policy.HttpInputs, "DISALLOWED");
await call("DeletePolicy");
await call("ListVersions");
const certificate = { Arn: "arn:aws:acm:us-east-1:000000000000:certificate/js" };
await call("AssociateCertificate", certificate);
await call("DisassociateCertificate", certificate);
await call("CreateResourceShare", { JobId: job.Id, SupportCaseId: "1" });

await call("DeleteJobTemplate", { Name: template.Name });
await call("DeletePreset", { Name: preset.Name });
await call("DeleteQueue", { Name: queue });
await refused("NotFoundException", /preset doesn't exist/, "GetPreset", { Name: preset.Name });

process.stdout.write(`${JSON.stringify([...called].sort())}\n`);
