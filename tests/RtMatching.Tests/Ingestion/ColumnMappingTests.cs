using RtMatching.Core.Ingestion;

namespace RtMatching.Tests.Ingestion;

public class ColumnMappingTests
{
    [Fact]
    public void Every_field_can_be_named_and_text_more_than_once()
    {
        var mapping = ColumnMapping.Parse("id=ID, text=Title+Body,text=Extra,tags=Category,location=City,language=Lang,date=On");

        Assert.Equal("ID", mapping.Id);
        Assert.Equal(["Title", "Body", "Extra"], mapping.Text);
        Assert.Equal(("Category", "City", "Lang", "On"), (mapping.Tags, mapping.Location, mapping.Language, mapping.Date));
    }

    [Theory]
    [InlineData("id", "'id' is not field=COLUMN")]
    [InlineData("id=", "'id=' is not field=COLUMN")]
    [InlineData("name=X", "no field 'name'")]
    public void A_mapping_that_is_none_says_where(string mapping, string says) =>
        Assert.Contains(says, Assert.Throws<FormatException>(() => ColumnMapping.Parse(mapping)).Message);

    [Fact]
    public void Common_names_are_recognised_however_they_are_written()
    {
        var mapping = new ColumnMapping().Completed(["ID", "Resume_str", "Resume_html", "Category"]);

        Assert.Equal("ID", mapping.Id);
        Assert.Equal(["Resume_str"], mapping.Text);
        Assert.Equal("Category", mapping.Tags);
    }

    [Fact]
    public void Parts_of_a_job_ad_are_joined_in_the_files_order()
    {
        var mapping = new ColumnMapping().Completed(["Date", "Job Title", "Company", "Location", "Job Description", "Qualifications"]);

        Assert.Null(mapping.Id);
        Assert.Equal(["Job Title", "Job Description", "Qualifications"], mapping.Text);
        Assert.Equal(("Location", "Date"), (mapping.Location, mapping.Date));
    }

    [Fact]
    public void What_is_named_wins_over_what_is_recognised()
    {
        var mapping = ColumnMapping.Parse("text=html,id=key").Completed(["id", "key", "text", "html", "tags"]);

        Assert.Equal(("key", "tags"), (mapping.Id, mapping.Tags));
        Assert.Equal(["html"], mapping.Text);
    }
}
