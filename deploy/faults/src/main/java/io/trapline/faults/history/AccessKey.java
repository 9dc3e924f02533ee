package io.trapline.faults.history;

import io.trapline.model.Pure;

/** What names an access of a guest (A4). */
@Pure
public record AccessKey(int domid, int vcpu, long epoch, long sequence) {}
