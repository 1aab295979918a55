using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>An inlined call as recorded.</summary>
/// <param name="Parent">Number of the call around it, <see cref="OpenProcedure.NoSite"/> in the procedure itself.</param>
/// <param name="Name">Of the inlined function.</param>
/// <param name="FirstPiece">Its first piece of code.</param>
/// <param name="PieceCount">Number of pieces, at least one.</param>
internal readonly record struct RecordedSite(int Parent, StringRef Name, int FirstPiece, int PieceCount);

/// <summary>Code of an inlined call with a line.</summary>
/// <param name="Chunk">Piece of the procedure that offsets count from.</param>
/// <param name="Offset">From the start of the chunk.</param>
/// <param name="Length">Bytes; <see cref="ToEnd"/> when the record does not say.</param>
/// <param name="File">File of the line.</param>
/// <param name="Line">1-based, 0 when unknown.</param>
internal record struct SitePiece(uint Chunk, uint Offset, uint Length, FileRef File, uint Line)
{
    /// <summary>To the end of the code around the call.</summary>
    public const uint ToEnd = uint.MaxValue;
}

/// <summary>A procedure whose records are being read: its code, also separated, and the calls inlined into it.</summary>
internal sealed class OpenProcedure
{
    public const int NoSite = -1;

    /// <summary>There is one.</summary>
    public bool IsOpen { get; private set; }

    public StringRef Name { get; private set; }

    public SourceLanguage Language { get; private set; }

    /// <summary>The procedure's own code, then code that the compiler moved away, as <see cref="SourceAddress"/>.</summary>
    public List<AddressRange> Chunks { get; } = [];

    public List<RecordedSite> Sites { get; } = [];

    public List<SitePiece> Pieces { get; } = [];

    public void Open(StringRef name, SourceLanguage language, AddressRange code)
    {
        Name = name;
        Language = language;
        Chunks.Add(code);
        IsOpen = true;
    }

    public void Clear()
    {
        IsOpen = false;
        Chunks.Clear();
        Sites.Clear();
        Pieces.Clear();
    }

    /// <summary>Some of the code is its own.</summary>
    public bool Overlaps(AddressRange code)
    {
        foreach (var chunk in Chunks)
        {
            if (chunk.Start < code.End && code.Start < chunk.End)
            {
                return true;
            }
        }

        return false;
    }
}
