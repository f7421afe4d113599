// SPDX-License-Identifier: Apache-2.0
// What consumers do that are written with dockerode, at the engine of DOCKER_HOST.
// usage: node dockerode.js STEP CONTAINER      prints what it found; a denial ends it with its text on stderr
"use strict";
const Docker = require("dockerode");

const docker = new Docker({ socketPath: new URL(process.env.DOCKER_HOST).pathname });
const name = process.argv[3];
const container = docker.getContainer(name);

async function first(stream) {
    const data = await new Promise((resolve, reject) => stream.once("data", resolve).once("error", reject));
    stream.destroy();
    return data.toString();
}

const steps = {
    async list() {
        const found = (await docker.listContainers({ all: true })).find((one) => one.Names.includes("/" + name));
        return found.State;
    },
    async inspect() {
        return (await container.inspect()).State.Status;
    },
    async stats() {
        return (await container.stats({ stream: false })).name;
    },
    async statsStream() {
        return first(await container.stats({ stream: true }));
    },
    async logs() {
        return (await container.logs({ stdout: true, stderr: true, tail: 10 })).toString();
    },
    async image() {
        return (await docker.getImage("bb:latest").inspect()).RepoTags[0];
    },
    // The restart of the container is in it, since the time before is asked for.
    async events() {
        return first(await docker.getEvents({ since: 1, filters: { type: ["container"], container: [name] } }));
    },
    async exec() {
        const exec = await container.exec({ Cmd: ["id"], AttachStdout: true });
        return first(await exec.start({}));
    },
    async attach() {
        return first(await container.attach({ stream: true, stdout: true, logs: true }));
    },
    async archive() {
        return first(await container.getArchive({ path: "/etc/passwd" }));
    },
    async stop() {
        await container.stop({ t: 0 });
    },
    async remove() {
        await container.remove({ force: true });
    },
    async pull() {
        await docker.pull("bb:latest");
    },
    async privileged() {
        await docker.createContainer({ Image: "bb", Cmd: ["id"], HostConfig: { Privileged: true } });
    },
    async bind() {
        await docker.createContainer({ Image: "bb", Cmd: ["id"], HostConfig: { Binds: ["/etc:/host"] } });
    },
    // As What's Up Docker makes a container anew: all that the inspect told goes into the create.
    async anew() {
        const old = await container.inspect();
        await container.stop();
        await container.remove();
        const made = await docker.createContainer({
            ...old.Config,
            name: old.Name.replace("/", ""),
            Image: "bb:latest",
            HostConfig: old.HostConfig,
            NetworkingConfig: { EndpointsConfig: old.NetworkSettings.Networks },
        });
        await made.start();
        const anew = await made.inspect();
        if (anew.Id === old.Id) throw new Error("it is the old one");
        return anew.State.Status;
    },
};

steps[process.argv[2]]().then(
    (found) => {
        console.log(found ?? "done");
        process.exit(0);
    },
    (error) => {
        console.error(error.message);
        process.exit(1);
    },
);
