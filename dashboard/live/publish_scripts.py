"""How a picture is written to Redis: a batch at a time, if its epoch is the newest and none is lost."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from redis.asyncio import Redis

from dashboard.live.mirror_bus import Keys, answered
from dashboard.live.mirror_fields import FORMAT

BATCHES = 1000
"""Batches that the stream keeps: of busy minutes the last, of others the last quarter of an hour. Whoever has missed
more reads the picture anew."""

IDLE_DAYS = 7
"""Days after which the picture of a cluster that nobody watches any more goes."""

# A write that needs memory stands first: a Redis that is full refuses it, and with it the whole script.
WRITE = """
local newest = tonumber(redis.call('GET', KEYS[1]) or '0')
local epoch, before, whole = ARGV[1], tonumber(ARGV[2]), ARGV[3]
if newest > tonumber(epoch) then return 0 end
if newest < tonumber(epoch) then return -1 end
local head = redis.call('HMGET', KEYS[2], 'epoch', 'number')
local number = head[1] == epoch and tonumber(head[2]) or 0
if number ~= before then return -1 end
number = number + 1
redis.call('HSET', KEYS[2], 'epoch', epoch, 'number', number, 'format', ARGV[4])
local batch, put, gone = {'#', epoch .. ':' .. number}, {}, {}
for i = 8, #ARGV, 2 do
  batch[#batch + 1] = ARGV[i]
  batch[#batch + 1] = ARGV[i + 1]
  if ARGV[i + 1] == '' then
    gone[#gone + 1] = ARGV[i]
  else
    put[#put + 1] = ARGV[i]
    put[#put + 1] = ARGV[i + 1]
  end
end
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[5], '*', unpack(batch))
if #put > 0 then redis.call('HSET', KEYS[4], unpack(put)) end
if #gone > 0 then redis.call('HDEL', KEYS[4], unpack(gone)) end
redis.call('SADD', KEYS[5], epoch)
if whole == '1' then
  redis.call('HSET', KEYS[2], 'whole', epoch)
  for _, other in ipairs(redis.call('SMEMBERS', KEYS[5])) do
    if other ~= epoch then
      redis.call('UNLINK', ARGV[7] .. other)
      redis.call('SREM', KEYS[5], other)
    end
  end
end
for i = 2, 5 do redis.call('EXPIRE', KEYS[i], ARGV[6]) end
return number
"""


class Refused(IntEnum):
    """Why a batch was not written."""

    FENCED = 0
    """There is a newer epoch."""
    LOST = -1
    """Redis does not hold what was written before it."""


class Writer:
    """Writes the batches of one epoch after the other."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._keys = keys
        self._script = redis.register_script(WRITE)
        self.epoch = 0
        self._number = 0

    def begin(self, epoch: int) -> None:
        """A new epoch: its first batch comes next."""
        self.epoch, self._number = epoch, 0

    async def write(self, batch: Mapping[str, bytes], *, whole: bool) -> Refused | None:
        """Write fields, "" for what is gone; `whole` says that with them everything is told. Raises RedisError."""
        keys = self._keys
        args: list[str | bytes | int] = [
            self.epoch,
            self._number,
            int(whole),
            FORMAT,
            BATCHES,
            IDLE_DAYS * 24 * 3600,
            keys.picture(""),
        ]
        for name, packed in batch.items():
            args += (name, packed)
        picture = keys.picture(self.epoch)
        names = [keys.epoch, keys.head, keys.stream, picture, keys.epochs]
        answer = int(await answered(self._script(keys=names, args=args)))
        if answer <= 0:
            return Refused(answer)
        self._number = answer
        return None
