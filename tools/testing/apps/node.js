// SPDX-License-Identifier: GPL-2.0
//
// usage: node.js serve|ask ADDRESS PORT
//
// The server sends each body back, behind its digest. The client has 20 connections
// that it keeps, and many bodies of all sizes.
"use strict";

const http = require("http");
const crypto = require("crypto");

const CLIENTS = 20;
const BODIES = 30;

const [task, host, port] = process.argv.slice(2);

function digest(body) {
	return crypto.createHash("sha256").update(body).digest();
}

function whole(stream) {
	return new Promise((resolve, reject) => {
		const parts = [];

		stream.on("data", (part) => parts.push(part));
		stream.on("end", () => resolve(Buffer.concat(parts)));
		stream.on("aborted", () => reject(new Error("aborted")));
		stream.on("error", reject);
	});
}

function serve() {
	const server = http.createServer((request, response) => {
		whole(request).then((body) => {
			response.write(digest(body));
			response.end(body);
		}, () => response.destroy());
	});

	server.keepAliveTimeout = 0;
	server.listen(port, host);
}

function post(agent, body) {
	return new Promise((resolve, reject) => {
		const options = { agent, host, port, method: "POST" };
		const request = http.request(options, (response) => {
			whole(response).then(resolve, reject);
		});

		request.on("error", reject);
		request.end(body);
	});
}

async function ask(agent) {
	for (let i = 0; i < BODIES; i++) {
		const body = crypto.randomBytes(2 ** (16 * Math.random()));
		const answer = await post(agent, body);
		const want = Buffer.concat([digest(body), body]);

		if (!answer.equals(want))
			throw new Error(`answer ${i} is wrong`);
	}
}

async function askAll() {
	const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS });
	const clients = Array.from({ length: CLIENTS }, () => ask(agent));

	await Promise.all(clients);
	agent.destroy();
	console.log(`${CLIENTS} clients had ${BODIES} answers each`);
}

if (task === "serve") {
	serve();
} else {
	askAll().catch((error) => {
		console.error(error);
		process.exit(1);
	});
}
