using Symbolicator.Formats.Core;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb.Modules;

/// <summary>Source files, lines and inlined functions of the module at hand, as far as they are held in memory.</summary>
internal sealed class ModuleLines : IDisposable
{
    private readonly LineReader _reader;
    private readonly C13Lines _c13;
    private readonly C11Lines _c11;
    private readonly ParseLimits _limits;
    private readonly FaultLog _faults;

    public ModuleLines(PdbFile pdb, InternPool names)
    {
        _limits = pdb.Limits;
        _faults = pdb.Faults;
        _reader = new LineReader(pdb.Limits, pdb.Faults);
        Files = new SourceFiles(pdb, names);
        Index = new LineIndex(_reader, pdb.Limits);
        _c13 = new C13Lines(Index, _reader, Files, Checksums, pdb.Limits, pdb.Faults);
        _c11 = new C11Lines(Index, _reader, Files, pdb.Limits, pdb.Faults);
    }

    public SourceFiles Files { get; }

    public FileChecksums Checksums { get; } = new();

    public InlineeLines Inlinees { get; } = new();

    public LineIndex Index { get; }

    /// <summary>Turns to a module, whose stream stays in use until the next one.</summary>
    public void Begin(in PdbModule module, MsfReader stream)
    {
        Checksums.Clear();
        Inlinees.Clear();
        Index.Clear();
        _reader.Begin(stream, module);
        var c13 = module.C13In(stream.Length);
        ReadSubsections(stream, c13, SubsectionKind.FileChecksums);
        ReadSubsections(stream, c13, SubsectionKind.Lines);
        var c11 = module.C11In(stream.Length);
        if (c11.Length > 0)
        {
            _c11.Read(stream, c11);
        }

        Index.Seal();
    }

    public void Dispose() => Files.Dispose();

    /// <summary>The files come first: lines refer to them, wherever they are in the stream.</summary>
    private void ReadSubsections(MsfReader stream, ByteRange area, uint first)
    {
        var subsections = new SubsectionCursor(stream, area);
        while (subsections.TryReadNext(out uint kind, out var content))
        {
            switch (kind)
            {
                case SubsectionKind.FileChecksums when kind == first:
                    Checksums.Read(stream, content, _limits, _faults);
                    break;
                case SubsectionKind.Lines when kind == first:
                    _c13.Read(stream, content);
                    break;
                case SubsectionKind.InlineeLines when first == SubsectionKind.Lines:
                    Inlinees.Read(stream, content, _limits, _faults);
                    break;
            }
        }
    }
}
