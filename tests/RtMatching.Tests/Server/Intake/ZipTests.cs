using System.IO.Compression;
using System.Net;
using System.Text;
using RtMatching.Server.Intake;

namespace RtMatching.Tests.Server.Intake;

/// <summary>ZIP archives, well-meant and otherwise.</summary>
public class ZipTests(IntakeServer intake) : IClassFixture<IntakeServer>
{
    private const int SymbolicLink = 0xA1FF;

    [Fact]
    public async Task Entries_are_files_and_rows()
    {
        var archive = Archive(
            ("cvs/ada.txt", "Worked as a cook."), ("cvs/", ""), ("data/people.csv", "id,text\n1,one\n2,two\n"), (".hidden", "x"), ("__MACOSX/cvs/._ada.txt", "x"),
            ("inner.zip", "PK\x03\x04 is a document like any other"));
        var id = await intake.SubmittedAsync(IntakeServer.Body(archive, "application/zip"));
        Assert.Equal([("cvs/ada.txt", null), ("inner.zip", null), ("people.csv:1", null), ("people.csv:2", null)], (await intake.ItemsAsync(id)).Order());
    }

    [Fact]
    public async Task Tricks_cost_their_entry_alone()
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            Write(zip, "good.txt", "Worked as a cook.");
            Write(zip, "../../x", "x");
            Write(zip, "/etc/passwd", "x");
            Write(zip, "C:\\windows\\x.txt", "x");
            Write(zip, "bomb.txt", new string('0', 4_000_000));
            Write(zip, "large.txt", Noise(IntakeServer.MaxDocumentBytes + 1));
            Write(zip, "link.txt", "/etc/passwd", SymbolicLink << 16);
        }

        var items = await intake.ItemsAsync(await intake.SubmittedAsync(IntakeServer.Body(bytes.ToArray(), "application/zip")));
        Assert.Equal(["good.txt"], items.Where(item => item.Outcome is null).Select(item => item.Name));
        Assert.Equal(["../../x", "/etc/passwd", "C:\\windows\\x.txt", "link.txt"],
            items.Where(item => item.Outcome == "unsupported").Select(item => item.Name).Order(StringComparer.Ordinal));
        Assert.Equal(["bomb.txt", "large.txt"], items.Where(item => item.Outcome == "too_large").Select(item => item.Name).Order());
    }

    [Fact]
    public async Task An_entry_longer_than_it_says_is_damaged()
    {
        var archive = Archive(("liar.txt", new string('x', 1000)), ("honest.txt", "Worked as a cook."));
        var directory = archive.AsSpan().IndexOf("PK\x01\x02"u8);
        BitConverter.TryWriteBytes(archive.AsSpan(directory + 24), 10);      // the uncompressed size, in the directory
        var id = await intake.SubmittedAsync(IntakeServer.Body(archive, "application/zip"));
        Assert.Contains(("honest.txt", null), await intake.ItemsAsync(id));
        Assert.Contains(("liar.txt", "corrupt"), await intake.ItemsAsync(id));
    }

    [Fact]
    public async Task An_archive_cut_off_is_refused()
    {
        var archive = Archive(("a.txt", "text"), ("b.txt", "text"));
        Assert.Contains("ZIP", await intake.RefusedAsync(HttpStatusCode.BadRequest, IntakeServer.Body(archive[..^30], "application/zip")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_unpacks_to_more_than_may_be_is_refused_before_anything_is_stored()
    {
        var archive = Archive(("a.txt", "text"), ("b.txt", "text"), ("c.txt", "text"));
        for (var at = 0; (at = archive.AsSpan(at).IndexOf("PK\x01\x02"u8) is >= 0 and var next ? at + next : -1) >= 0; at++)
            BitConverter.TryWriteBytes(archive.AsSpan(at + 24), 0xF0000000);
        Assert.Contains("unpacks to more", await intake.RefusedAsync(HttpStatusCode.RequestEntityTooLarge, IntakeServer.Body(archive, "application/zip")), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(Path.GetTempPath(), "rtmatch-*.zip"));
    }

    [Fact]
    public void Entries_are_counted_whatever_the_archive_says()
    {
        var path = Path.GetTempFileName();
        var archive = Archive([.. Enumerable.Range(0, 20).Select(i => ($"{i}.txt", "x"))]);
        BitConverter.TryWriteBytes(archive.AsSpan(archive.Length - 12), (ushort)1);     // entries in all, as the end record says
        File.WriteAllBytes(path, archive);
        using (var file = File.OpenRead(path))
        {
            Assert.Equal(20, ZipDirectory.Count(file, 100));
            Assert.Equal(6, ZipDirectory.Count(file, 5));
        }

        File.Delete(path);
    }

    private static byte[] Archive(params (string Name, string Text)[] entries)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, text) in entries) Write(zip, name, text);
        return bytes.ToArray();
    }

    private static void Write(ZipArchive zip, string name, string text, int attributes = 0)
    {
        var entry = zip.CreateEntry(name);
        entry.ExternalAttributes = attributes;
        using var content = entry.Open();
        content.Write(Encoding.UTF8.GetBytes(text));
    }

    private static string Noise(int length)
    {
        var random = new Random(1);
        return string.Concat(Enumerable.Range(0, length).Select(_ => (char)('a' + random.Next(26))));
    }
}
