// A complete Trapline emulator from the .proto files alone: a window of registers that hold what is written to them.
//
// A write stores its bytes, a read returns them, little endian. The numbers in the comments are the steps of the
// emulator's procedure in trapline/v1/emulator.proto. 64-bit fields arrive as decimal strings (`longs: String`) and are
// BigInt from there on: a Number holds 53 bits and would spoil addresses, epochs and every value from 2^53 on.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';

const COPY = 1; // ioreq type: guest memory
const REDELIVERED = 1; // mark: another run may have carried this out
const ROWS = 4096; // of one message
const ACTIVE = 1; // ATTACH_MODE_ACTIVE

const { trapline } = grpc.loadPackageDefinition(
  protoLoader.loadSync(['trapline/v1/emulator.proto', 'trapline/v1/memory.proto'], {
    includeDirs: [fileURLToPath(new URL('../../../proto/src/main/protobuf', import.meta.url))],
    keepCase: true,
    longs: String,
    defaults: true,
    oneofs: true,
  }),
);

// Trapline's word. Whatever else ends a stream (UNAVAILABLE, INTERNAL, CANCELLED …) is a lost connection, to be resumed.
const { status } = grpc;
const FINAL = new Set([
  status.ABORTED, status.INVALID_ARGUMENT, status.NOT_FOUND, status.PERMISSION_DENIED, status.UNAUTHENTICATED,
  status.FAILED_PRECONDITION, status.RESOURCE_EXHAUSTED, status.UNIMPLEMENTED, status.DATA_LOSS,
]);

const say = (text) => process.stderr.write(`${text}\n`);

/** One row of an IoreqBatch. An empty column stands for its default. */
function rowOf(batch, i) {
  const attributes = batch.attributes[i];
  return {
    size: 1 << (attributes & 3),
    isRead: (attributes & 4) !== 0,
    type: (attributes >> 3) & 7,
    df: (attributes & 64) !== 0,
    dataIsPtr: (attributes & 128) !== 0,
    address: BigInt(batch.address[i]),
    data: BigInt(batch.data[i] ?? 0),
    count: batch.count[i] ?? 1,
    redelivered: ((batch.marks[i] ?? 0) & REDELIVERED) !== 0,
    key: {
      vcpu: batch.vcpu[i] ?? 0,
      vcpu_epoch: batch.vcpu_epoch[i],
      sequence: batch.sequence[i],
      part: batch.part[i] ?? 0,
    },
  };
}

/** The device: `size` bytes at guest physical address `base`. Outside of it reads return all ones and writes vanish. */
class RegisterWindow {
  constructor(base, size) {
    this.base = base;
    this.bytes = Buffer.alloc(size);
  }

  /**
   * Does what one row asks and returns the answer. Storing again what was stored is harmless, so `redelivered` is not
   * looked at; a device with effects outside would look at what it has on disk first.
   */
  async carryOut(row, memory) {
    const length = row.count * row.size;
    // Repetitions ascend from `address`, or with df descend from it. Registers that only hold do not mind the order, so
    // all of them are one block; a FIFO would go through them one by one.
    const below = row.df ? length - row.size : 0;
    const offset = row.address - BigInt(below) - this.base;
    const inside = row.type === COPY && offset >= 0n && offset + BigInt(length) <= BigInt(this.bytes.length);
    const at = inside ? Number(offset) : 0;
    if (row.isRead) {
      const block = inside ? Buffer.from(this.bytes.subarray(at, at + length)) : Buffer.alloc(length, 0xff);
      if (row.dataIsPtr) {
        await memory.write(row, row.data - BigInt(below), block);
        return 0n;
      }
      const last = Buffer.alloc(8);
      block.copy(last, 0, row.df ? 0 : length - row.size, row.df ? row.size : length);
      return last.readBigUInt64LE();
    }
    let block;
    if (row.dataIsPtr) {
      block = await memory.read(row, row.data - BigInt(below), length);
    } else {
      const value = Buffer.alloc(8);
      value.writeBigUInt64LE(row.data);
      block = Buffer.alloc(length, value.subarray(0, row.size));
    }
    if (inside) {
      block.copy(this.bytes, at);
    }
    return 0n;
  }
}

/** The domain's pages, read and written on behalf of the server while it serves a row. */
class Memory {
  constructor(stub, emulator, sessionEpoch) {
    Object.assign(this, { stub, emulator, sessionEpoch });
  }

  async read(row, gpa, size) {
    return (await this.call('ReadMemory', row, { gpa: [`${gpa}`], size_bytes: [size] })).data;
  }

  async write(row, gpa, data) {
    await this.call('WriteMemory', row, { gpa: [`${gpa}`], size_bytes: [data.length], data });
  }

  call(method, row, columns) {
    const { domid, id, generation } = this.emulator.options;
    const request = {
      domid,
      on_behalf_of: { id, generation, session_epoch: this.sessionEpoch, serving: [row.key] },
      ...columns,
    };
    return new Promise((resolve, reject) => {
      this.stub[method](request, this.emulator.metadata, { deadline: Date.now() + 5000 }, (error, response) =>
        error ? reject(error) : resolve(response),
      );
    });
  }
}

/** What this run has carried out and what is not settled yet (step 6). */
class KeptAnswers {
  lanes = new Map(); // vcpu -> { epoch, answers: Map of "sequence/part" -> { key, answer } }

  /** The answers of one life of a vCPU; undefined when a younger life of it is known. */
  lane(vcpu, epochText) {
    const epoch = BigInt(epochText);
    let known = this.lanes.get(vcpu);
    if (known === undefined || known.epoch < epoch) {
      known = { epoch, answers: new Map() };
      this.lanes.set(vcpu, known);
    }
    return known.epoch === epoch ? known.answers : undefined;
  }

  settle(vcpus, epochs, throughs) {
    vcpus.forEach((vcpu, i) => {
      const answers = this.lane(vcpu, epochs[i]);
      const through = BigInt(throughs[i]);
      for (const [name, { key }] of answers ?? []) {
        if (BigInt(key.sequence) <= through) answers.delete(name);
      }
    });
  }

  /** KeptRows of at most ROWS rows each, at least one, all but the last with `more`. */
  messages() {
    const rows = [...this.lanes.values()].flatMap(({ answers }) => [...answers.values()]);
    const messages = [];
    for (let start = 0; start === 0 || start < rows.length; start += ROWS) {
      messages.push({ ...columnsOf(rows.slice(start, start + ROWS)), more: start + ROWS < rows.length });
    }
    return messages;
  }
}

/** The columns that kept rows and answers have in common. */
function columnsOf(rows) {
  return {
    vcpu: rows.map(({ key }) => key.vcpu),
    vcpu_epoch: rows.map(({ key }) => key.vcpu_epoch),
    sequence: rows.map(({ key }) => key.sequence),
    part: rows.map(({ key }) => key.part),
    data: rows.map(({ answer }) => `${answer}`),
  };
}

/** Serves one server through any number of connections. */
class Emulator {
  run = `${randomBytes(8).readBigUInt64LE() || 1n}`; // step 1
  kept = new KeptAnswers();
  summary = { sessions: 0, carried_out: 0, repeated: 0, redelivered: 0 };

  constructor(options) {
    this.options = options;
    this.metadata = new grpc.Metadata();
    this.metadata.set('trapline-principal', options.principal);
    this.device = new RegisterWindow(options.base, options.size);
  }

  /** Ends never, but with --once when a connection ends; throws what is final. */
  async serve() {
    let wait = 100;
    for (let attempt = 0; ; attempt++) {
      const address = this.options.connect[attempt % this.options.connect.length];
      const before = this.summary.sessions;
      let lost = 'the stream ended';
      try {
        await this.session(address);
      } catch (error) {
        if (typeof error.code !== 'number' || FINAL.has(error.code)) throw error; // step 9
        lost = error.message;
      }
      say(`connection to ${address} lost: ${lost}`);
      if (this.options.once) return;
      wait = this.summary.sessions > before ? 100 : Math.min(2 * wait, 2000);
      await sleep(wait);
    }
  }

  async session(address) {
    const credentials = grpc.credentials.createInsecure();
    const channel = new grpc.Channel(address, credentials, {
      'grpc.keepalive_time_ms': 20_000,
      'grpc.keepalive_timeout_ms': 5_000,
    });
    try {
      const stub = new trapline.v1.EmulatorService(address, credentials, { channelOverride: channel });
      const memoryStub = new trapline.v1.MemoryService(address, credentials, { channelOverride: channel });
      const stream = stub.Attach(this.metadata);
      const [first, ...others] = this.kept.messages();
      const { domid, id, generation } = this.options;
      stream.write({ attach: { domid, id, generation, run: this.run, mode: ACTIVE, credit: ROWS, kept: first } }); // steps 2 and 8
      others.forEach((kept) => stream.write({ kept }));
      let memory;
      for await (const response of stream) {
        switch (response.response) {
          case 'attached': // step 3
            this.summary.sessions++;
            memory = new Memory(memoryStub, this, response.attached.session_epoch);
            say(`attached: session ${response.attached.session_epoch} at ${address}`);
            break;
          case 'ioreqs': { // step 4
            const answers = await this.answer(response.ioreqs, memory);
            if (answers.sequence.length > 0) stream.write({ answers });
            break;
          }
          case 'settled':
            this.kept.settle(response.settled.vcpu, response.settled.vcpu_epoch, response.settled.through);
            break;
          case 'rejected':
            throw new Error(`our message was malformed: ${response.rejected.status.message}`);
        }
      }
    } finally {
      channel.close();
    }
  }

  /** Carries out each row once and keeps its answer before it is sent (steps 5 and 6). */
  async answer(batch, memory) {
    const rows = [];
    for (let i = 0; i < batch.sequence.length; i++) {
      const row = rowOf(batch, i);
      const { key } = row;
      const name = `${key.sequence}/${key.part}`;
      const lane = this.kept.lane(key.vcpu, key.vcpu_epoch);
      if (lane === undefined) continue;
      if (lane.has(name)) {
        this.summary.repeated++;
      } else {
        let answer;
        try {
          answer = await this.device.carryOut(row, memory);
        } catch (error) {
          if (error.code === status.ABORTED) {
            rows.push({ key, answer: 0n, givenUp: true }); // completed otherwise: we say that we give it up
            continue;
          }
          if (error.code !== status.INVALID_ARGUMENT) throw error; // attach again; the row is not kept, so it comes again
          answer = 0n; // the buffer lies where no memory is
        }
        lane.set(name, { key, answer });
        this.summary.carried_out++;
        if (row.redelivered) this.summary.redelivered++;
      }
      rows.push(lane.get(name));
    }
    this.kept.settle(batch.settled_vcpu, batch.settled_vcpu_epoch, batch.settled_through);
    return { ...columnsOf(rows), given_up: Uint8Array.from(rows, ({ givenUp }) => (givenUp ? 1 : 0)) };
  }
}

const { values: flags } = parseArgs({
  options: {
    connect: { type: 'string' }, // HOST:PORT[,…]
    domid: { type: 'string' },
    id: { type: 'string' }, // the IOREQ server
    generation: { type: 'string' }, // the server's generation
    principal: { type: 'string', default: 'anonymous' }, // who created the server
    base: { type: 'string', default: '0' }, // gpa of the window
    size: { type: 'string', default: '4096' }, // its size in bytes
    once: { type: 'boolean', default: false }, // leave when the connection is lost instead of resuming
  },
});
for (const name of ['connect', 'domid', 'id', 'generation']) {
  if (flags[name] === undefined) {
    say('usage: node emulator.mjs --connect HOST:PORT[,…] --domid N --id N --generation N [--principal NAME] [--base GPA] [--size BYTES] [--once]');
    process.exit(2);
  }
}
const emulator = new Emulator({
  connect: flags.connect.split(','),
  domid: Number(flags.domid),
  id: Number(flags.id),
  generation: `${BigInt(flags.generation)}`,
  principal: flags.principal,
  base: BigInt(flags.base),
  size: Number(flags.size),
  once: flags.once,
});
const leave = (exitCode) => {
  process.stdout.write(`${JSON.stringify(emulator.summary)}\n`, () => process.exit(exitCode));
};
process.on('SIGTERM', () => leave(0));
process.on('SIGINT', () => leave(0));
emulator.serve().then(
  () => leave(0),
  (error) => {
    const refused = typeof error.code === 'number';
    say(refused ? `refused: ${error.message}` : error.stack);
    leave(refused ? 3 : 1);
  },
);
