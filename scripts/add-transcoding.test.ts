import { expect, test } from "bun:test";
import added from "../optional/transcoding/package.json";
import addedLock from "../optional/transcoding/package-lock.json";
import project from "../package.json";
import projectLock from "../package-lock.json";

test("what `npm run add-transcoding` installs is what is tested with", () => {
  expect(added.dependencies["node-av"]).toBe(project.devDependencies["node-av"]);
  expect(addedLock.packages["node_modules/node-av"].version).toBe(projectLock.packages["node_modules/node-av"].version);
});

test("it is no part of what `npm start` installs", () => {
  expect(Object.keys(project.dependencies)).not.toContain("node-av");
  expect(projectLock.packages["node_modules/node-av"].dev).toBe(true);
});

test("its lock file names no registry", () => {
  for (const found of Object.values<object>(addedLock.packages)) expect(found).not.toHaveProperty("resolved");
});
