using Symbolicator.Formats.Core;

namespace Symbolicator.Formats.Elf;

/// <summary>
/// Identification of an image: the GNU build id (note "GNU", type 3), Sony's fingerprint, or a hash of its code for
/// images that have none.
/// </summary>
internal static class ElfNotes
{
    /// <summary>Longest build id that is believed; linkers write 8 to 32 bytes, <c>--build-id=0x…</c> any number.</summary>
    public const int MaximumBuildId = 512;

    private const int SonyFingerprintSize = 20;
    private const int HashedCode = 4096;
    private const int MinimumBudget = 64 << 10;

    /// <summary>Bytes of the build id; empty without one or when it is all zero.</summary>
    public static ReadOnlySpan<byte> FindBuildId(
        FileBytes file, ElfSegments segments, ElfSections sections, ElfEncoding encoding, FaultLog faults)
    {
        // Headers may all point at the same bytes: together they may be walked a few times, not once for each header.
        long budget = (4 * file.Length) + MinimumBudget;
        foreach (ref readonly var segment in segments.All)
        {
            if (segment.Type == ElfSegmentType.Note
                && TryFind(ElfSegments.Bytes(segment, file), segment.Alignment, encoding, faults, ref budget, out var id))
            {
                return id;
            }
        }

        // The section of that name first; kernels have theirs in ".notes".
        int named = sections.Find(".note.gnu.build-id"u8);
        if (named >= 0 && TryFindInSection(sections, named, encoding, faults, ref budget, out var found))
        {
            return found;
        }

        for (int i = 0; i < sections.All.Length; i++)
        {
            if (i != named && sections.All[i].Type == ElfSectionType.Note && sections.All[i].HasBytes
                && TryFindInSection(sections, i, encoding, faults, ref budget, out found))
            {
                return found;
            }
        }

        foreach (ref readonly var segment in segments.All)
        {
            if (segment.Type == ElfSegmentType.SonyLibraryData
                && ElfSegments.Bytes(segment, file).TryWindow(0, SonyFingerprintSize, out var fingerprint)
                && fingerprint.ContainsAnyExcept((byte)0))
            {
                return fingerprint;
            }
        }

        return default;
    }

    /// <summary>
    /// XOR of the first 4096 bytes of <c>.text</c> in lanes of 16, as Breakpad does for images without a build id;
    /// false when the code is not in the file.
    /// </summary>
    public static bool TryHashCode(ElfSections sections, Span<byte> hash)
    {
        hash.Clear();
        int text = sections.Find(".text"u8);
        if (text < 0 || !sections.TryRead(text, out var code, out _)
            || !code.TryWindow(0, (ulong)Math.Min(code.Length, HashedCode), out var bytes))
        {
            return false;
        }

        for (int i = 0; i < bytes.Length; i++)
        {
            hash[i % hash.Length] ^= bytes[i];
        }

        return hash.ContainsAnyExcept((byte)0);
    }

    private static bool TryFindInSection(
        ElfSections sections, int index, ElfEncoding encoding, FaultLog faults, scoped ref long budget, out ReadOnlySpan<byte> id)
    {
        id = default;
        ref readonly var header = ref sections.All[index];
        return (header.Flags & ElfSectionFlags.Compressed) == 0 // notes are loaded and so never compressed
            && sections.TryRead(index, out var section, out _)
            && TryFind(section, header.Alignment, encoding, faults, ref budget, out id);
    }

    /// <summary>Walks the notes of one container; each container has an alignment of its own (gABI "Note Section").</summary>
    private static bool TryFind(
        Section notes, ulong alignment, ElfEncoding encoding, FaultLog faults, scoped ref long budget, out ReadOnlySpan<byte> id)
    {
        id = default;
        budget -= notes.Length;
        if (budget < 0)
        {
            faults.Add(new ParseFault(MalformedReason.StepsOverLimit, notes.Range.Offset), "note");
            return false;
        }

        int padding = alignment == 8 ? 8 : 4;
        var reader = notes.ReaderAt(0, encoding.BigEndian);
        while (reader.Remaining >= 3 * sizeof(uint))
        {
            uint nameSize = reader.ReadU32();
            uint descriptionSize = reader.ReadU32();
            uint type = reader.ReadU32();
            var name = reader.ReadBytes(nameSize);
            reader.AlignTo(padding);
            var description = reader.ReadBytes(descriptionSize);
            reader.AlignTo(padding);
            if (!reader.Fault.IsNone)
            {
                break;
            }

            if (type == ElfConstants.BuildIdNote && name.SequenceEqual("GNU\0"u8)
                && description.Length <= MaximumBuildId && description.ContainsAnyExcept((byte)0))
            {
                id = description;
                return true;
            }
        }

        if (!reader.Fault.IsNone)
        {
            faults.Add(reader.Fault, "note");
        }

        return false;
    }
}
