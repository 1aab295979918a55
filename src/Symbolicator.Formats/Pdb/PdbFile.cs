using Symbolicator.Formats.Core;
using Symbolicator.Formats.Model;
using Symbolicator.Formats.Pdb.Msf;

namespace Symbolicator.Formats.Pdb;

/// <summary>
/// What every part of the PDB reader starts from: streams, identity, the DBI header, sections. Immutable, safe to use
/// from several threads; the readers that it hands out are not. A view of the file: whoever opens it keeps the lease.
/// </summary>
internal sealed class PdbFile
{
    private readonly ushort[] _imageStreams;

    private PdbFile(MsfFile msf, PdbInfo info, DbiHeader? dbi, ushort[] imageStreams, ParseLimits limits, FaultLog faults)
    {
        Msf = msf;
        Info = info;
        Dbi = dbi;
        Limits = limits;
        Faults = faults;
        _imageStreams = imageStreams;
        Addresses = ReadAddresses();
    }

    public MsfFile Msf { get; }

    public PdbInfo Info { get; }

    /// <summary>Null for files with types alone or with a damaged stream: there is nothing to symbolicate with.</summary>
    public DbiHeader? Dbi { get; }

    public PdbAddressMap Addresses { get; }

    public ParseLimits Limits { get; }

    public FaultLog Faults { get; }

    /// <summary>The GUID with the age that images repeat.</summary>
    public DebugId DebugId => Info.Id with { Age = Dbi?.Age ?? Info.Id.Age };

    /// <exception cref="MalformedFileException">The container or the identity cannot be read.</exception>
    public static PdbFile Open(FileBytes file, ParseLimits limits, FaultLog faults)
    {
        var msf = MsfFile.Open(file, faults);
        var info = PdbInfo.Read(msf, faults);
        using var stream = new MsfReader(msf.Open(PdbStreams.DebugInfo));
        var dbi = stream.Length == 0 ? null : DbiHeader.Read(stream, faults);
        return new PdbFile(msf, info, dbi, ReadImageStreams(stream, dbi), limits, faults);
    }

    /// <summary>An empty stream when the file has no such table.</summary>
    public MsfStream OpenImageStream(PdbImageStream table)
    {
        int index = (int)table;
        return Msf.Open(index < _imageStreams.Length && _imageStreams[index] != PdbStreams.None ? _imageStreams[index] : -1);
    }

    /// <summary>An empty stream when the file has none of that name.</summary>
    public MsfStream OpenNamedStream(string name) => Msf.Open(Info.FindStream(name));

    public PdbStringTable OpenStrings() => PdbStringTable.Open(OpenNamedStream("/names"), Limits, Faults);

    /// <summary>The modules in order; dispose the reader of the DBI stream after the last one.</summary>
    public PdbModuleList OpenModules(MsfReader dbi) => new(dbi, Dbi?.Modules ?? default, Limits, Faults);

    public MsfReader OpenDbi() => new(Msf.Open(PdbStreams.DebugInfo));

    private PdbAddressMap ReadAddresses()
    {
        using var headers = new MsfReader(OpenImageStream(PdbImageStream.SectionHeaders));
        var image = PdbSections.Read(headers);
        using var points = new MsfReader(OpenImageStream(PdbImageStream.OmapFromSource));
        var omap = PdbOmap.Read(points, Faults);
        using var original = new MsfReader(OpenImageStream(PdbImageStream.OriginalSectionHeaders));
        var linked = omap is null ? image : PdbSections.Read(original);
        return new PdbAddressMap(linked.Length == 0 ? image : linked, image, omap);
    }

    private static ushort[] ReadImageStreams(MsfReader dbi, DbiHeader? header)
    {
        const int Known = (int)PdbImageStream.OriginalSectionHeaders + 1;
        var numbers = new ushort[header is null ? 0 : Math.Min(header.ImageStreams.Length / 2, Known)];
        for (int i = 0; i < numbers.Length; i++)
        {
            if (!dbi.TryReadU16(header!.ImageStreams.Offset + (i * 2L), out numbers[i]))
            {
                return numbers[..i];
            }
        }

        return numbers;
    }
}
