//! Frames on a byte stream: a LEB128 length, then as many bytes. A length of 0 is a heartbeat, and after it come two
//! bytes: how many frames were read so far, least significant first, counted on from 0 after 65,535.

use std::{io, time::Duration};

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use toguna_protocol::limits;
use tokio::time::timeout;

/// Bytes of the longest length prefix: three groups of seven bits reach 2 MiB, beyond `limits::MAX_FRAME`.
const MAX_PREFIX: usize = 3;

/// Why a stream of frames ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum FrameError {
    /// Between two frames, as it should.
    #[error("closed by the peer")]
    Ended,
    /// In the middle of a frame.
    #[error("the peer closed in the middle of a frame")]
    Cut,
    /// More than this frame may have.
    #[error("a frame of {length} bytes where {most} are allowed")]
    TooLong { length: usize, most: usize },
    /// Not a shortest LEB128 number of at most three bytes.
    #[error("a malformed frame length")]
    Length,
    /// The peer sends nothing, not even heartbeats.
    #[error("silent for {0:?}")]
    Silent(Duration),
    /// The peer, or the way to it, takes nothing more.
    #[error("stalled: no progress in writing for {0:?}")]
    Stalled(Duration),
    /// The carrier failed.
    #[error("broken off: {0}")]
    Io(#[from] io::Error),
}

/// Appends a frame's wire form.
pub(super) fn put_frame(out: &mut Vec<u8>, body: &[u8]) {
    let mut length = body.len();
    while length >= 0x80 {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(body);
}

/// Appends a heartbeat.
pub(super) fn put_heartbeat(out: &mut Vec<u8>, read: u16) {
    out.push(0);
    out.extend_from_slice(&read.to_le_bytes());
}

/// Bytes that a frame of this length takes on the wire.
pub(super) fn wire_len(length: usize) -> u64 {
    let prefix = 1 + u64::from(length >= 1 << 7) + u64::from(length >= 1 << 14);
    prefix + length as u64
}

/// Reads one length. Fails above `limits::MAX_FRAME` before anything of the frame is read or room made for it.
pub(super) async fn read_length(io: &mut (impl AsyncRead + Unpin), silence: Duration) -> Result<usize, FrameError> {
    let mut length = 0;
    for group in 0..MAX_PREFIX {
        let mut byte = [0];
        if read_some(io, &mut byte, silence).await? == 0 {
            return Err(if group == 0 { FrameError::Ended } else { FrameError::Cut });
        }
        length |= usize::from(byte[0] & 0x7f) << (7 * group);
        if byte[0] & 0x80 == 0 {
            if byte[0] == 0 && group > 0 {
                return Err(FrameError::Length);
            }
            if length > limits::MAX_FRAME {
                return Err(FrameError::TooLong { length, most: limits::MAX_FRAME });
            }
            return Ok(length);
        }
    }
    Err(FrameError::Length)
}

/// Reads the bytes of a frame; `heard` is told whenever some have come.
pub(super) async fn read_body(
    io: &mut (impl AsyncRead + Unpin),
    length: usize,
    silence: Duration,
    mut heard: impl FnMut(),
) -> Result<Vec<u8>, FrameError> {
    let mut body = vec![0; length];
    let mut filled = 0;
    while filled < length {
        match read_some(io, &mut body[filled..], silence).await? {
            0 => return Err(FrameError::Cut),
            read => filled += read,
        }
        heard();
    }
    Ok(body)
}

/// Reads what a heartbeat says.
pub(super) async fn read_heartbeat(io: &mut (impl AsyncRead + Unpin), silence: Duration) -> Result<u16, FrameError> {
    let read = read_body(io, 2, silence, || {}).await?;
    Ok(u16::from_le_bytes([read[0], read[1]]))
}

async fn read_some(
    io: &mut (impl AsyncRead + Unpin),
    buffer: &mut [u8],
    silence: Duration,
) -> Result<usize, FrameError> {
    match timeout(silence, io.read(buffer)).await {
        Ok(read) => Ok(read?),
        Err(_) => Err(FrameError::Silent(silence)),
    }
}

/// Writes and flushes bytes, and fails once nothing has moved for `stall`.
pub(super) async fn write_all(
    io: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    stall: Duration,
) -> Result<(), FrameError> {
    let mut at = 0;
    while at < bytes.len() {
        match timeout(stall, io.write(&bytes[at..])).await {
            Ok(Ok(0)) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
            Ok(written) => at += written?,
            Err(_) => return Err(FrameError::Stalled(stall)),
        }
    }
    match timeout(stall, io.flush()).await {
        Ok(flushed) => Ok(flushed?),
        Err(_) => Err(FrameError::Stalled(stall)),
    }
}

#[cfg(test)]
mod tests {
    use futures::io::Cursor;

    use super::*;

    const SOON: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn frames_read_back_what_was_written() {
        let mut wire = Vec::new();
        let lengths = [0, 1, 127, 128, 512, 16_383, 16_384, limits::MAX_FRAME];
        for length in lengths {
            let before = wire.len();
            put_frame(&mut wire, &vec![length as u8; length]);
            assert_eq!((wire.len() - before) as u64, wire_len(length));
        }
        let mut io = Cursor::new(wire);
        for expected in lengths {
            let length = read_length(&mut io, SOON).await.expect("a length");
            assert_eq!(read_body(&mut io, length, SOON, || {}).await.expect("a body"), vec![expected as u8; expected]);
        }
        assert!(matches!(read_length(&mut io, SOON).await, Err(FrameError::Ended)));
    }

    #[tokio::test]
    async fn other_lengths_are_refused_before_room_is_made() {
        let mut over = Vec::new();
        put_frame(&mut over, &vec![0; limits::MAX_FRAME + 1]);
        over.truncate(MAX_PREFIX);
        let too_long = format!("a frame of {} bytes where {} are allowed", limits::MAX_FRAME + 1, limits::MAX_FRAME);
        let cases: [(&[u8], &str); 6] = [
            (&[0x80], "the peer closed in the middle of a frame"),
            (&[0x80, 0x00], "a malformed frame length"),
            (&[0x81, 0x80, 0x00], "a malformed frame length"),
            (&[0xff, 0xff, 0xff, 0xff, 0x7f], "a malformed frame length"),
            (&over, &too_long),
            (&[], "closed by the peer"),
        ];
        for (wire, reason) in cases {
            let error = read_length(&mut Cursor::new(wire), SOON).await.expect_err("refused");
            assert_eq!(error.to_string(), reason, "{wire:x?}");
        }
        let error = read_body(&mut Cursor::new(&[1, 2][..]), 3, SOON, || {}).await.expect_err("too short");
        assert!(matches!(error, FrameError::Cut));
    }
}
