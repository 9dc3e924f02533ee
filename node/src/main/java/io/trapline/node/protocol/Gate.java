package io.trapline.node.protocol;

import io.trapline.model.Pure;
import io.trapline.node.rows.KeyRows;

/**
 * On whose behalf a memory or type call is made (F2): it is carried out only while that session is active and those ioreqs are under way.
 *
 * @param principal who calls (S3)
 * @param serverId the server
 * @param generation its generation, 0 = not checked
 * @param sessionEpoch the session that calls
 * @param serving the ioreqs it is made for; may be empty
 */
@Pure
public record Gate(String principal, int serverId, long generation, long sessionEpoch, KeyRows serving) {}
