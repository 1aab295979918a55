using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Minidump;

/// <summary>
/// Identity of an image as its CodeView record states it: RSDS (GUID, age, name), NB10 (timestamp, age, name) or the raw
/// build id of an ELF file.
/// </summary>
internal readonly record struct CodeViewRecord(CodeViewKind Kind, DebugId? DebugId, CodeId? BuildId, string? Name)
{
    /// <summary>Longer than any build id that linkers write.</summary>
    private const int MaxBuildIdBytes = 1024;

    /// <summary>The default value when there is no record; a damaged one is noted in the fault log.</summary>
    public static CodeViewRecord Read(in Location location, MinidumpSource source)
    {
        const string What = "CodeView record";
        if (location.IsEmpty)
        {
            return default;
        }

        if (!source.TryReader(location, out var reader))
        {
            source.Faults.Add(new ParseFault(MalformedReason.OutOfRange, source.FaultOffset(location.Rva)), What);
            return default;
        }

        var record = Read(ref reader, source);
        if (!reader.Fault.IsNone)
        {
            source.Faults.Add(reader.Fault, What);
            return default;
        }

        return record;
    }

    private static CodeViewRecord Read(ref ByteReader reader, MinidumpSource source)
    {
        switch (reader.ReadU32())
        {
            case MinidumpConstants.CodeViewPdb70:
                var guid = reader.ReadBytes(16);
                uint age = reader.ReadU32();
                if (!reader.Fault.IsNone)
                {
                    return default;
                }

                var id = source.BigEndian ? Model.DebugId.FromUuid(guid, age) : Model.DebugId.FromGuid(guid, age);
                return new CodeViewRecord(CodeViewKind.Pdb70, id.IsNil ? null : id, null, ReadName(ref reader, source));

            case MinidumpConstants.CodeViewPdb20:
                reader.Skip(4); // offset, always 0
                uint timestamp = reader.ReadU32();
                uint age20 = reader.ReadU32();
                var id20 = new DebugId((ulong)timestamp << 32, 0, age20);
                return new CodeViewRecord(CodeViewKind.Pdb20, id20.IsNil ? null : id20, null, ReadName(ref reader, source));

            case MinidumpConstants.CodeViewElf:
                if (reader.Remaining > MaxBuildIdBytes || !source.TryCharge(reader.Remaining))
                {
                    reader.Fail(MalformedReason.SizeOverLimit);
                    return default;
                }

                var buildId = reader.ReadBytes((ulong)reader.Remaining);
                return new CodeViewRecord(
                    CodeViewKind.ElfBuildId, Model.DebugId.FromBuildId(buildId, bigEndian: false), CodeId.FromBytes(buildId), null);

            default:
                reader.Fail(MalformedReason.BadMagic);
                return default;
        }
    }

    private static string? ReadName(ref ByteReader reader, MinidumpSource source)
    {
        var rest = reader.ReadBytes((ulong)Math.Min(reader.Remaining, source.Limits.StringBytes));
        int end = rest.IndexOf((byte)0);
        rest = end < 0 ? rest : rest[..end];
        if (!source.TryCharge(rest.Length))
        {
            reader.Fail(MalformedReason.SizeOverLimit);
            return null;
        }

        return rest.IsEmpty ? null : MinidumpSource.DecodeUtf8(rest);
    }
}

internal enum CodeViewKind : byte
{
    None,
    Pdb70,
    Pdb20,
    ElfBuildId,
}
