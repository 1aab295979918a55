namespace Symbolicator.Formats.Core;

/// <summary>Why a reader stopped trusting its input. Stable codes: they appear in trails, logs and negative cache entries.</summary>
public enum MalformedReason : byte
{
    None,

    /// <summary>A field or table runs past the end of its container.</summary>
    Truncated,

    /// <summary>A magic number or signature is not what the format prescribes.</summary>
    BadMagic,

    /// <summary>A version that the specification does not define or that we do not read.</summary>
    BadVersion,

    /// <summary>An offset, index or address points outside of what it refers to.</summary>
    OutOfRange,

    /// <summary>A value contradicts another one or the specification.</summary>
    BadValue,

    /// <summary>A variable-length integer or text that is not well-formed.</summary>
    BadEncoding,

    /// <summary>An attribute form, opcode or abbreviation that is not defined, so that the rest cannot be skipped.</summary>
    UnknownForm,

    /// <summary>A count exceeds its <see cref="ParseLimits"/> member.</summary>
    CountOverLimit,

    /// <summary>A nesting depth exceeds its <see cref="ParseLimits"/> member.</summary>
    DepthOverLimit,

    /// <summary>A size, also of decompressed data, exceeds its <see cref="ParseLimits"/> member.</summary>
    SizeOverLimit,

    /// <summary>A step budget ran out: work out of proportion to the input, or a cycle.</summary>
    StepsOverLimit,

    /// <summary>References form a cycle.</summary>
    Cycle,

    /// <summary>Compressed data does not decompress to what was declared.</summary>
    BadCompression,

    /// <summary>A checksum does not match.</summary>
    BadChecksum,

    /// <summary>Well-formed as far as read, but of a kind that this version does not read.</summary>
    Unsupported,
}
