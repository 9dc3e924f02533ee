/**
 * The Java client: the guest's side, the emulator's side, and operations. Everything starts with a
 * {@link io.trapline.client.TraplineConnection}; it needs nothing but the addresses of a cluster and runs on Java 17.
 *
 * <h2>An operator</h2>
 *
 * Calls block, return when their change is in force everywhere, and throw {@link io.trapline.client.TraplineException}. They are tried
 * again where that is safe: each carries a request id, so that nothing happens twice.
 *
 * <pre>{@code
 * // operator
 * try (TraplineConnection trapline = TraplineConnection.to("127.0.0.1:7400,127.0.0.2:7400")) {
 *     DomainRef domain = DomainRef.of(trapline.domains().create(4096, 4, DomainMemory.DOMAIN_MEMORY_VOLATILE));
 *     trapline.memory().setMemType(domain, new Gfn(16), 8, MemType.IOREQ_SERVER_0);
 *     ServerRef server = trapline.ioreqServers().create(domain);
 *     trapline.ioreqServers().mapMemType(server, MemType.IOREQ_SERVER_0, AccessFlags.WRITE);
 *     trapline.ioreqServers().enable(server);
 * }
 * }</pre>
 *
 * <h2>An emulator</h2>
 *
 * A {@link io.trapline.client.DeviceModel} that takes one ioreq at a time. A lost connection is resumed by itself; nothing is carried out
 * twice.
 *
 * <pre>{@code
 * // emulator
 * Map<Long, Long> registers = new ConcurrentHashMap<>();
 * DeviceModel device = new DeviceModel() {
 *     @Override
 *     public long read(Ioreq ioreq) {
 *         return registers.getOrDefault(ioreq.address(), 0L);
 *     }
 *
 *     @Override
 *     public void write(Ioreq ioreq) {
 *         registers.put(ioreq.address(), ioreq.data());
 *     }
 * };
 * try (Emulator emulator = trapline.attach(server, device)) {
 *     System.err.println("no longer serving: " + emulator.ended().join());
 * }
 * }</pre>
 *
 * A mediator takes a batch at a time, checks each write, and puts those it allows into their pages by one memory call. The call names the
 * ioreqs it is made for, and is refused whole (ESTALE) where one of them was completed otherwise meanwhile: then they are done one by one.
 *
 * <pre>{@code
 * // mediator
 * DeviceModel mediator = new DeviceModel() {
 *     @Override
 *     public void handle(IoreqBatchView batch, Answers answers) {
 *         WriteSegments pages = new WriteSegments(batch.size(), 8 * batch.size());
 *         for (int row = 0; row < batch.size(); row++) {
 *             if (batch.isWrite(row) && isAllowed(batch.data(row))) {
 *                 pages.addValue(batch.address(row), batch.data(row), batch.sizeBytes(row));
 *             }
 *         }
 *         try {
 *             if (pages.size() > 0) {
 *                 batch.memory().write(pages);
 *             }
 *             answers.acknowledgeAll();
 *         } catch (TraplineException failure) {
 *             if (!failure.is(Errno.ESTALE)) {
 *                 throw failure;
 *             }
 *             DeviceModel.super.handle(batch, answers);
 *         }
 *     }
 *
 *     @Override
 *     public void write(Ioreq ioreq) {
 *         if (isAllowed(ioreq.data())) {
 *             ioreq.memory().write(new Gpa(ioreq.address()), ioreq.data(), ioreq.sizeBytes());
 *         }
 *     }
 * };
 * }</pre>
 *
 * Answers may come later and from any thread: keep the {@link io.trapline.client.Answers} and return.
 *
 * <h2>A guest</h2>
 *
 * One access after the other, or as futures with up to a window of them under way:
 *
 * <pre>{@code
 * // guest
 * try (Guest guest = trapline.guest(domain)) {
 *     Vcpu vcpu = guest.openVcpu(0, 64);
 *     vcpu.write(new Gpa(0x10000), 8, 42);
 *     long value = vcpu.read(new Gpa(0x10000), 8);
 *     CompletableFuture<Long> later = vcpu.readAsync(new Gpa(0x10000), 4);
 *     System.err.println(value + " " + later.join());
 * }
 * }</pre>
 *
 * Many accesses go in columns, and their outcomes come back in columns, in the order of arrival:
 *
 * <pre>{@code
 * // columns
 * try (Guest guest = trapline.guest(domain)) {
 *     LongAdder failed = new LongAdder();
 *     Vcpu vcpu = guest.openVcpu(0, 1024, answers -> {
 *         for (int row = 0; row < answers.size(); row++) {
 *             if (answers.errno(row) != Errno.OK) {
 *                 failed.increment();
 *             }
 *         }
 *     });
 *     AccessColumns rows = new AccessColumns(256);
 *     for (long entry = 0; entry < 100_000; entry += 256) {
 *         rows.clear();
 *         for (int i = 0; i < 256; i++) {
 *             rows.addWrite(0x10000 + 8 * ((entry + i) % 4096), 8, entry + i);
 *         }
 *         vcpu.submit(rows);
 *     }
 *     vcpu.awaitAnswers(Duration.ofMinutes(1));
 *     System.err.println(failed.sum() + " failed");
 * }
 * }</pre>
 *
 * <h2>What is safe</h2>
 *
 * <ul>
 *   <li>Everything but the classes that say otherwise may be used from any thread.
 *   <li>No queue is unbounded: a guest waits for its window, an emulator is given at most its credit.
 *   <li>Callbacks never run on the connection's thread unless {@link io.trapline.client.GuestOptions#onStreamThread} asks for it; there
 *       they must not block, and calls of this library that would throw {@link java.lang.IllegalStateException}.
 *   <li>{@code ESTALE} of a session, a vCPU or an ioreq is final and never retried here.
 * </ul>
 */
@NullMarked
package io.trapline.client;

import org.jspecify.annotations.NullMarked;
