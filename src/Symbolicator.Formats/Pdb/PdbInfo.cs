using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb;

/// <summary>The info stream: identity, named streams, feature codes.</summary>
internal sealed class PdbInfo
{
    private const int HeaderBytes = 28;
    private const int MaxBytes = 16 << 20;
    private const uint OldestVersion = 20000404; // PdbImpvVC70: from here on there is a GUID
    private const uint HasItemStream110 = 20091201; // PdbImpvVC110
    private const uint HasItemStream140 = 20140508; // PdbImpvVC140
    private const uint MinimalDebugInfo = 0x494e494d; // "MINI"

    private readonly Dictionary<string, int> _named;

    private PdbInfo(DebugId id, Dictionary<string, int> named)
    {
        Id = id;
        _named = named;
    }

    /// <summary>GUID and age of this stream; tools that rewrite a PDB raise this age, the linker's is in the DBI stream.</summary>
    public DebugId Id { get; }

    /// <summary>There is an item stream (IPI) beside the type stream.</summary>
    public bool HasItemStream { get; private set; }

    /// <summary>Linked with <c>/DEBUG:FASTLINK</c>: lines and private symbols are in the object files.</summary>
    public bool IsMinimal { get; private set; }

    /// <exception cref="MalformedFileException">There is no identity.</exception>
    public static PdbInfo Read(MsfFile msf, FaultLog faults)
    {
        using var stream = new MsfReader(msf.Open(PdbStreams.Info));
        int length = (int)Math.Min(stream.Length, MaxBytes);
        if (length < HeaderBytes || !stream.TryRead(0, length, out var bytes))
        {
            throw new MalformedFileException(FileFormat.Pdb, stream.FaultAt(MalformedReason.Truncated, 0), "info stream");
        }

        var reader = new ByteReader(bytes, origin: stream.Stream.FileOffsetOf(0));
        uint version = reader.ReadU32();
        reader.Skip(4); // time of creation
        uint age = reader.ReadU32();
        if (version < OldestVersion)
        {
            throw new MalformedFileException(FileFormat.Pdb, stream.FaultAt(MalformedReason.Unsupported, 0), "PDB older than Visual C++ 7");
        }

        var info = new PdbInfo(DebugId.FromGuid(reader.ReadBytes(16), age), []);
        if (info.TryReadNames(ref reader))
        {
            info.ReadFeatures(ref reader);
        }
        else
        {
            faults.Add(new ParseFault(MalformedReason.BadValue, reader.FileOffset), "named streams");
        }

        if (!reader.Fault.IsNone)
        {
            faults.Add(reader.Fault, "named streams");
        }

        return info;
    }

    /// <summary>Number of a named stream, -1 when there is none.</summary>
    public int FindStream(string name) => _named.TryGetValue(name, out int stream) ? stream : -1;

    /// <summary>
    /// A hash table whose buckets do not matter here: texts, counts, two bit sets, then pairs in order. False when names
    /// share their texts.
    /// </summary>
    private bool TryReadNames(ref ByteReader reader)
    {
        var texts = reader.ReadBytes(reader.ReadU32());
        uint count = reader.ReadU32();
        reader.Skip(4); // capacity
        reader.Skip(4UL * reader.ReadU32()); // present buckets
        reader.Skip(4UL * reader.ReadU32()); // deleted buckets
        count = (uint)reader.CheckCount(count, 8, int.MaxValue);
        // Names do not overlap in sound files, so that all of them are no longer than the texts.
        int unread = texts.Length;
        for (uint i = 0; i < count; i++)
        {
            uint at = reader.ReadU32();
            uint stream = reader.ReadU32();
            if (at >= (uint)texts.Length || stream > int.MaxValue)
            {
                continue;
            }

            var name = texts[(int)at..];
            name = name.IndexOf((byte)0) is >= 0 and int end ? name[..end] : name;
            unread -= Math.Min(name.Length, unread);
            if (unread == 0)
            {
                return false;
            }

            _named.TryAdd(System.Text.Encoding.UTF8.GetString(name), (int)stream);
        }

        return true;
    }

    private void ReadFeatures(ref ByteReader reader)
    {
        reader.Skip(reader.Remaining >= 4 ? 4UL : 0); // number of names
        while (reader.Remaining >= 4)
        {
            switch (reader.ReadU32())
            {
                case HasItemStream110:
                    // Such files have no further codes.
                    HasItemStream = true;
                    return;
                case HasItemStream140:
                    HasItemStream = true;
                    break;
                case MinimalDebugInfo:
                    IsMinimal = true;
                    break;
            }
        }
    }
}
