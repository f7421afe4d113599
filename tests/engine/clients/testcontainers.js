// SPDX-License-Identifier: Apache-2.0
// What a test suite does with Testcontainers, at the engine of DOCKER_HOST.
// usage: node testcontainers.js STEP      prints what it found; a denial ends it with its text on stderr
"use strict";
const { GenericContainer, Network, Wait } = require("testcontainers");

function prepared() {
    return new GenericContainer("bb:latest").withNetworkMode("none").withWaitStrategy(Wait.forLogMessage("ready"));
}

const steps = {
    async life() {
        const container = await prepared()
            .withCopyContentToContainer([{ content: "copied", target: "/srv/file" }])
            .withEnvironment({ WORD: "given" })
            .withCommand(["sh", "-c", "cat /srv/file; echo $WORD ready; sleep 300"])
            .start();
        const { output, exitCode } = await container.exec(["sh", "-c", "cat /srv/file; exit 3"]);
        await container.stop();
        return `${output} ${exitCode}`;
    },
    async health() {
        const container = await new GenericContainer("bb:latest")
            .withNetworkMode("none")
            .withCommand(["sleep", "300"])
            .withHealthCheck({ test: ["CMD", "true"], interval: 200, timeout: 1000, retries: 3 })
            .withWaitStrategy(Wait.forHealthCheck())
            .start();
        await container.stop();
        return "healthy";
    },
    async network() {
        const network = await new Network().start();
        const container = await prepared().withNetwork(network).withCommand(["sh", "-c", "echo ready; sleep 300"]).start();
        const found = container.getNetworkNames().includes(network.getName());
        await container.stop();
        await network.stop();
        return found ? "joined" : "not in its network";
    },
    // With a name in it, which makes it a NetworkConnect. The network is left to the caller.
    async alias() {
        const network = await new Network().start();
        const container = await prepared()
            .withName("aliased")
            .withNetwork(network)
            .withNetworkAliases("named")
            .withCommand(["sh", "-c", "echo ready; sleep 300"])
            .start();
        const found = container.getNetworkNames().includes(network.getName());
        await container.stop();
        return found ? "joined" : "not in its network";
    },
    async privileged() {
        await prepared().withPrivilegedMode().withCommand(["sleep", "300"]).start();
    },
    async bind() {
        await prepared().withBindMounts([{ source: "/etc", target: "/host" }]).withCommand(["sleep", "300"]).start();
    },
    async capability() {
        await prepared().withAddedCapabilities("SYS_ADMIN").withCommand(["sleep", "300"]).start();
    },
    async fixedPort() {
        await prepared().withExposedPorts({ container: 80, host: 8080 }).withCommand(["sleep", "300"]).start();
    },
    // Only where TESTCONTAINERS_RYUK_DISABLED is not set: Ryuk wants the engine's own socket.
    async ryuk() {
        await prepared().withCommand(["sh", "-c", "echo ready; sleep 300"]).start();
    },
    async copyOut() {
        const container = await prepared().withCommand(["sh", "-c", "echo ready; sleep 300"]).start();
        try {
            await container.copyArchiveFromContainer("/etc/passwd");
        } finally {
            await container.stop();
        }
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
