@NullMarked
package io.trapline.coordinator.raft;

import org.jspecify.annotations.NullMarked;
