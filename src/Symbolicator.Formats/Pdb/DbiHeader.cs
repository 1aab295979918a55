using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb;

/// <summary>The fixed part of the DBI stream and where its substreams lie in it.</summary>
internal sealed class DbiHeader
{
    private const int HeaderBytes = 64;
    private const uint Signature = uint.MaxValue; // since DBIImpvV41; files before it begin with stream numbers
    private const ushort StrippedFlag = 2; // DBIHdr flags.fStripped

    private DbiHeader()
    {
    }

    /// <summary>The age that the image's CodeView record repeats.</summary>
    public uint Age { get; private init; }

    /// <summary>IMAGE_FILE_MACHINE_*.</summary>
    public ushort Machine { get; private init; }

    /// <summary>Private symbols were removed (<c>/PDBSTRIPPED</c>).</summary>
    public bool IsStripped { get; private init; }

    public ushort GlobalsStream { get; private init; }

    public ushort PublicsStream { get; private init; }

    /// <summary>The stream of all symbol records that globals and publics point into.</summary>
    public ushort SymbolRecordStream { get; private init; }

    public ByteRange Modules { get; private init; }

    public ByteRange SectionContributions { get; private init; }

    public ByteRange FileInfo { get; private init; }

    /// <summary>16-bit numbers of streams with tables of the image, by <see cref="PdbImageStream"/>.</summary>
    public ByteRange ImageStreams { get; private init; }

    /// <summary>Null when the stream is absent, older than Visual C++ 5, or too short; the fault says which.</summary>
    public static DbiHeader? Read(MsfReader stream, FaultLog faults)
    {
        if (!stream.TryRead(0, HeaderBytes, out var bytes))
        {
            faults.Add(stream.FaultAt(MalformedReason.Truncated, 0), "DBI stream");
            return null;
        }

        var reader = new ByteReader(bytes, origin: stream.Stream.FileOffsetOf(0));
        if (reader.ReadU32() != Signature)
        {
            faults.Add(stream.FaultAt(MalformedReason.BadVersion, 0), "DBI stream");
            return null;
        }

        reader.Skip(4); // version: the layout is the same since the signature exists
        uint age = reader.ReadU32();
        ushort globals = reader.ReadU16();
        reader.Skip(2); // version of the linker
        ushort publics = reader.ReadU16();
        reader.Skip(2);
        ushort records = reader.ReadU16();
        reader.Skip(2);
        Span<uint> sizes = stackalloc uint[5];
        foreach (ref uint size in sizes)
        {
            size = reader.ReadU32();
        }

        reader.Skip(4); // type server index
        uint imageStreams = reader.ReadU32();
        uint editNames = reader.ReadU32();
        ushort flags = reader.ReadU16();
        ushort machine = reader.ReadU16();
        long at = HeaderBytes;
        var modules = Next(ref at, sizes[0], stream.Length);
        var contributions = Next(ref at, sizes[1], stream.Length);
        Next(ref at, sizes[2], stream.Length); // section map: the section headers say the same and more
        var fileInfo = Next(ref at, sizes[3], stream.Length);
        Next(ref at, sizes[4], stream.Length); // type server map
        Next(ref at, editNames, stream.Length); // edit-and-continue names
        return new DbiHeader
        {
            Age = age,
            Machine = machine,
            IsStripped = (flags & StrippedFlag) != 0,
            GlobalsStream = globals,
            PublicsStream = publics,
            SymbolRecordStream = records,
            Modules = modules,
            SectionContributions = contributions,
            FileInfo = fileInfo,
            ImageStreams = Next(ref at, imageStreams, stream.Length),
        };
    }

    /// <summary>The next substream, cut at the end of the stream.</summary>
    private static ByteRange Next(ref long at, uint size, long length)
    {
        long start = at;
        at = Math.Min(at + size, length);
        return new ByteRange(start, at - start);
    }
}
