package io.trapline.node.protocol;

/**
 * What a shard and its backup keep of a type call or write over several shards until all have done it: whoever decides the shards when its entry has died
 * finishes it (T6).
 *
 * @param change what all of them are to do, on nobody's behalf: its server has let it pass; with the request id under which a client has asked for it
 */
public record Mark(TypesTxn id, TypesMessage.Call change) {}
